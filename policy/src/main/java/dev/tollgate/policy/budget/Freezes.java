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
 * alone never ends a freeze: every proxy of the fleet must have told what it holds.
 */
final class Freezes {

    /**
     * Of an account that is frozen.
     *
     * @param seq what the store had before this ledger's first write in the freeze; 0: no account
     * @param leases all that the account has had since: one that is gone was closed, and counted
     */
    private record Seen(long seq, Set<HolderId> leases) {}

    /** Time for proxies that this ledger does not know of to appear, before a freeze may end. */
    static final Duration AT_LEAST = Duration.ofSeconds(120);

    private static final Duration IDENTITY_EVERY = Duration.ofSeconds(30);

    private final long epoch;
    private final Predicate<Set<String>> fleetComplete;
    private final ConcurrentHashMap<AccountKey, Instant> frozen = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<AccountKey, Seen> seen = new ConcurrentHashMap<>();
    private volatile @Nullable Instant allSince;

    /** A freeze of all accounts has ended, and not all is stored that was told meanwhile. */
    private volatile boolean unproven;

    private volatile Consumer<String> heardAll = identity -> {};
    private volatile @Nullable String storeIdentity;
    private volatile @Nullable Instant identityCheckedAt;

    /**
     * @param epoch of this ledger
     * @param fleetComplete whether these proxies are all that there are
     */
    Freezes(long epoch, Predicate<Set<String>> fleetComplete) {
        this.epoch = epoch;
        this.fleetComplete = fleetComplete;
    }

    void all(Instant now) {
        if (allSince == null) {
            seen.keySet().retainAll(frozen.keySet());
        }
        unproven = false;
        allSince = now;
    }

    void sound(String identity) {
        storeIdentity = identity;
    }

    void whenHeardAll(Consumer<String> told) {
        heardAll = told;
    }

    boolean isFrozen(AccountKey key) {
        return allSince != null || frozen.containsKey(key);
    }

    /** False: it was frozen already. */
    boolean freeze(AccountKey key, Instant now) {
        if (!isFrozen(key)) {
            seen.remove(key);
        }
        return frozen.putIfAbsent(key, now) == null;
    }

    /**
     * Told before each write of an account, but of one that rebuilds what is remembered. As long as
     * this ledger has not written it, an earlier one may still close leases.
     */
    void sees(Account account) {
        if (!isFrozen(account.key())) {
            return;
        }
        var known =
                seen.merge(
                        account.key(),
                        new Seen(account.seq(), ConcurrentHashMap.newKeySet()),
                        (before, now) ->
                                account.epoch() < epoch && before.seq() < now.seq()
                                        ? new Seen(now.seq(), before.leases())
                                        : before);
        account.leases().forEach(lease -> known.leases().add(lease.holder()));
    }

    /**
     * A lease that is to be closed, or of an earlier start, is in a frozen account no more because
     * the store has forgotten it, and not because it is counted. What others have restored since
     * raises the account's {@code seq} and says nothing of it.
     */
    boolean isForgotten(Account account, HolderId from, LeaseTotals totals) {
        var known = isFrozen(account.key()) ? seen.get(account.key()) : null;
        var holder = new HolderId(from.logId(), totals.bootEpoch());
        return known != null
                && totals.isLastWord(from)
                && totals.amountMicros() > 0
                && totals.seq() > known.seq()
                && account.lease(holder) == null
                && !known.leases().contains(holder);
    }

    /**
     * In the order of keys.
     *
     * @param accounts all that are known
     */
    Set<AccountKey> keys(List<Account> accounts) {
        var keys = new TreeSet<>(frozen.keySet());
        if (allSince != null) {
            accounts.forEach(account -> keys.add(account.key()));
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
     * @param connected names of the proxies that have registered
     * @param accounts all that are known
     * @param unstored accounts of which not all is stored that was told: they stay frozen
     */
    List<AccountKey> thawed(
            Set<String> connected, List<Account> accounts, Set<AccountKey> unstored, Instant now) {
        var all = allSince;
        if (frozen.isEmpty() && all == null && !unproven
                || connected.isEmpty()
                || !fleetComplete.test(connected)) {
            return List.of();
        }
        if (all != null && !now.isBefore(all.plus(AT_LEAST))) {
            allSince = null;
            for (var account : accounts) {
                frozen.putIfAbsent(account.key(), all);
            }
            for (var key : unstored) {
                frozen.putIfAbsent(key, all);
            }
            unproven = true;
        }
        if (unproven && unstored.isEmpty()) {
            unproven = false;
            var identity = storeIdentity;
            if (identity != null) {
                heardAll.accept(identity);
            }
        }
        var thawed = new ArrayList<AccountKey>();
        frozen.forEach(
                (key, since) -> {
                    if (!unstored.contains(key)
                            && !now.isBefore(since.plus(AT_LEAST))
                            && frozen.remove(key, since)) {
                        thawed.add(key);
                    }
                });
        seen.keySet().removeIf(key -> !isFrozen(key));
        return thawed;
    }
}
