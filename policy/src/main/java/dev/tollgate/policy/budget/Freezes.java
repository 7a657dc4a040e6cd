package dev.tollgate.policy.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which accounts give nothing out because the store has, or may have, forgotten something. Time
 * alone never ends a freeze: every proxy of the fleet must have told what it holds. What is written
 * of an account meanwhile says so ({@link Account#frozenAtSeq}), for a ledger that comes within the
 * freeze; here is what only this ledger knows, and since when.
 */
final class Freezes {

    /** Time for proxies that this ledger does not know of to appear, before a freeze may end. */
    static final Duration AT_LEAST = Duration.ofSeconds(120);

    private static final Duration IDENTITY_EVERY = Duration.ofSeconds(30);

    private final Predicate<Set<String>> fleetComplete;
    private final ConcurrentHashMap<AccountKey, Instant> frozen = new ConcurrentHashMap<>();
    private volatile @Nullable Instant allSince;

    /** A freeze of all accounts has ended, and not all is stored that was told meanwhile. */
    private volatile boolean unproven;

    private volatile Consumer<String> heardAll = identity -> {};
    private volatile @Nullable String storeIdentity;
    private volatile @Nullable Instant identityCheckedAt;

    /**
     * @param fleetComplete whether these proxies are all that there are
     */
    Freezes(Predicate<Set<String>> fleetComplete) {
        this.fleetComplete = fleetComplete;
    }

    void all(Instant now) {
        unproven = false;
        allSince = now;
    }

    void sound(String identity) {
        storeIdentity = identity;
    }

    void whenHeardAll(Consumer<String> told) {
        heardAll = told;
    }

    /** As far as this ledger knows without the account, which may say so too. */
    boolean isFrozen(AccountKey key) {
        return allSince != null || frozen.containsKey(key);
    }

    /** False: it was frozen already. */
    boolean freeze(AccountKey key, Instant now) {
        return frozen.putIfAbsent(key, now) == null;
    }

    /** Since when it was frozen by itself; null: it was not. It is no more. */
    @Nullable Instant end(AccountKey key) {
        return frozen.remove(key);
    }

    /**
     * In the order of keys.
     *
     * @param accounts all that are known
     */
    Set<AccountKey> keys(List<Account> accounts) {
        var keys = new TreeSet<>(frozen.keySet());
        for (var account : accounts) {
            if (allSince != null || account.isFrozen()) {
                keys.add(account.key());
            }
        }
        return Collections.unmodifiableSet(keys);
    }

    /** It is another one than before, so everything is frozen. Asks it now and then. */
    boolean storeChanged(AccountStore store, Instant now) {
        var checked = identityCheckedAt;
        if (checked != null && now.isBefore(checked.plus(IDENTITY_EVERY))) {
            return false;
        }
        if (!(store.identity() instanceof AccountStore.Identity.Ok(var id))) {
            return false;
        }
        identityCheckedAt = now;
        var before = storeIdentity;
        storeIdentity = id;
        if (before == null || before.equals(id)) {
            return false;
        }
        all(now);
        return true;
    }

    /**
     * Those whose freeze may end.
     *
     * @param connected names of the proxies that have registered
     * @param accounts all that are known
     * @param unstored accounts of which not all is stored that was told: they stay frozen
     */
    List<AccountKey> due(
            Set<String> connected, List<Account> accounts, Set<AccountKey> unstored, Instant now) {
        var all = allSince;
        if (frozen.isEmpty() && all == null && !unproven
                || connected.isEmpty()
                || !fleetComplete.test(connected)) {
            return List.of();
        }
        if (all != null && !now.isBefore(all.plus(AT_LEAST))) {
            for (var account : accounts) {
                frozen.putIfAbsent(account.key(), all);
            }
            for (var key : unstored) {
                frozen.putIfAbsent(key, all);
            }
            allSince = null;
            unproven = true;
        }
        if (unproven && unstored.isEmpty()) {
            unproven = false;
            var identity = storeIdentity;
            if (identity != null) {
                heardAll.accept(identity);
            }
        }
        if (allSince != null) {
            return List.of();
        }
        var due = new ArrayList<AccountKey>();
        frozen.forEach(
                (key, since) -> {
                    if (!unstored.contains(key) && !now.isBefore(since.plus(AT_LEAST))) {
                        due.add(key);
                    }
                });
        return due;
    }
}
