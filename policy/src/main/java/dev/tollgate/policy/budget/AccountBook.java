package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The ledger's accounts as last read or written, and the one way to change them: apply, compare and
 * swap, and only then answer. One write of an account is in flight at a time. Any thread; blocks as
 * long as the store does.
 */
final class AccountBook {

    /** An earlier leader's last writes are made by then. */
    private static final Duration LOOKS_AGAIN_AFTER = Duration.ofSeconds(20);

    /** What cannot be read is read again, as somebody may have mended it. */
    static final Duration DAMAGED_AGAIN_AFTER = Duration.ofSeconds(30);

    /** Conflicts in a row before a change is given up: with one leader there is none. */
    private static final int ATTEMPTS_MAX = 8;

    /** The answer to a change. */
    sealed interface Change {
        record Done(Transition transition) implements Change {}

        record Unavailable(String reason) implements Change {}

        /** The store holds less than was once acknowledged. */
        record Regressed(Account account) implements Change {}
    }

    private static final class Slot {
        final ReentrantLock lock = new ReentrantLock();
        volatile AccountStore.@Nullable Versioned known;
        boolean stale;

        /**
         * The version that a write expected whose outcome is unknown: while it stands, it may be
         * made.
         */
        @Nullable String unknownAfter;

        /** It is to be deleted, or has been: that it is absent is no loss. */
        boolean leaving;

        /** What the store has forgotten, until it is rebuilt. */
        @Nullable Account lost;
    }

    private final AccountStore store;
    private final ConcurrentHashMap<AccountKey, Slot> slots = new ConcurrentHashMap<>();

    /** What the store has and cannot be read, by its name there. */
    private final ConcurrentHashMap<String, AccountStore.Damaged> damaged =
            new ConcurrentHashMap<>();

    private volatile boolean loaded;
    private @Nullable Instant firstTick;
    private boolean lookedAgain;
    private @Nullable Instant damagedReadAt;

    AccountBook(AccountStore store) {
        this.store = store;
    }

    /** Null when all accounts are known that can be read, else why none is. */
    @Nullable String load() {
        if (loaded) {
            return null;
        }
        return switch (store.list("")) {
            case AccountStore.Listing.Unavailable(var reason) -> reason;
            case AccountStore.Listing.Ok(var accounts, var unreadable) -> {
                take(unreadable);
                for (var versioned : accounts) {
                    var slot = slot(versioned.account().key());
                    slot.lock.lock();
                    try {
                        if (slot.known == null) {
                            slot.known = versioned;
                        }
                    } finally {
                        slot.lock.unlock();
                    }
                }
                loaded = true;
                yield null;
            }
        };
    }

    /**
     * Reads all accounts once more, some time after the first: an earlier ledger may have written
     * what was read before its end. And again and again while one cannot be read. One thread.
     */
    void lookAgain(Instant now) {
        var first = firstTick;
        if (first == null || now.isBefore(first)) {
            firstTick = now;
            return;
        }
        boolean forEarlier = !lookedAgain && !now.isBefore(first.plus(LOOKS_AGAIN_AFTER));
        boolean forDamaged = !damaged.isEmpty() && isDamagedDue(now);
        if (!forEarlier && !forDamaged) {
            return;
        }
        damagedReadAt = now;
        if (store.list("") instanceof AccountStore.Listing.Ok(var accounts, var unreadable)) {
            lookedAgain |= forEarlier;
            accounts.forEach(this::takeNewer);
            take(unreadable);
        }
    }

    private boolean isDamagedDue(Instant now) {
        var last = damagedReadAt;
        return last == null || now.isBefore(last) || !now.isBefore(last.plus(DAMAGED_AGAIN_AFTER));
    }

    /** Those are all that there are. Which account it is may be known from who asked for it. */
    private void take(List<AccountStore.Damaged> all) {
        damaged.keySet().retainAll(all.stream().map(AccountStore.Damaged::name).toList());
        for (var each : all) {
            damaged.merge(each.name(), each, (old, now) -> now.key() == null ? old : now);
        }
    }

    /** What the store has and cannot be read; in the order of names. */
    List<AccountStore.Damaged> damaged() {
        return damaged.values().stream()
                .sorted(Comparator.comparing(AccountStore.Damaged::name))
                .toList();
    }

    /**
     * Nothing is known of the account, and it may be in what cannot be read, with all that was
     * granted of it. Reads it again.
     */
    boolean isHidden(AccountKey key) {
        return account(key) == null
                && damaged.values().stream()
                        .anyMatch(each -> each.key() == null || each.key().equals(key))
                && readAgain(key) instanceof Change.Unavailable;
    }

    private void takeNewer(AccountStore.Versioned found) {
        var slot = slot(found.account().key());
        slot.lock.lock();
        try {
            var known = slot.known;
            if (slot.lost == null
                    && (known == null || known.account().seq() < found.account().seq())) {
                slot.known = found;
            }
        } finally {
            slot.lock.unlock();
        }
    }

    List<Account> accounts() {
        var accounts = new ArrayList<Account>();
        for (var slot : slots.values()) {
            var known = slot.known;
            if (known != null) {
                accounts.add(known.account());
            }
        }
        accounts.sort(Comparator.comparing(Account::key));
        return accounts;
    }

    /**
     * The window that a counter is in. Never goes back: if the clock did, the latest window that
     * was ever entered stays the current one. Accounts of another period do not count.
     */
    Window currentWindow(String budget, String subject, Period period, Instant now) {
        var current = Window.of(period, now);
        var prefix = budget + "/" + subject + "/";
        for (var key : slots.keySet()) {
            var window = key.window();
            if (window.isAfter(current)
                    && window.isOf(period)
                    && key.counterPrefix().equals(prefix)) {
                var known = account(key);
                if (known != null && known.isEntered(now)) {
                    current = window;
                }
            }
        }
        return current;
    }

    @Nullable Account account(AccountKey key) {
        var slot = slots.get(key);
        var known = slot == null ? null : slot.known;
        return known == null ? null : known.account();
    }

    /**
     * @param opened what to start from if there is no such account; null: nothing to change then
     * @param step from the present account to the next; it may be called several times
     */
    Change change(AccountKey key, @Nullable Account opened, Function<Account, Transition> step) {
        var slot = slot(key);
        slot.lock.lock();
        try {
            var lost = slot.lost;
            return lost == null ? change(slot, key, opened, step) : new Change.Regressed(lost);
        } finally {
            slot.lock.unlock();
        }
    }

    /**
     * As {@link #change}, and the one change that there is of an account that the store has
     * forgotten: until it is stored, every other one is answered with Regressed.
     */
    Change rebuild(AccountKey key, @Nullable Account opened, Function<Account, Transition> step) {
        var slot = slot(key);
        slot.lock.lock();
        try {
            var change = change(slot, key, opened, step);
            if (change instanceof Change.Done) {
                slot.lost = null;
            }
            return change;
        } finally {
            slot.lock.unlock();
        }
    }

    private Change change(
            Slot slot,
            AccountKey key,
            @Nullable Account opened,
            Function<Account, Transition> step) {
        for (var attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
            var failure = refresh(key, slot);
            if (failure != null) {
                return failure;
            }
            var known = slot.known;
            var before = known == null ? opened : known.account();
            if (before == null) {
                return new Change.Unavailable("no such account");
            }
            var version = known == null ? AccountStore.ABSENT : known.version();
            var transition = step.apply(before);
            if (transition.account().seq() == before.seq()) { // each change has its own
                if (!version.equals(slot.unknownAfter)) {
                    return new Change.Done(transition);
                }
                transition = transition.rewritten(); // else it may be made after all
            }
            switch (store.compareAndSet(key, version, transition.account())) {
                case AccountStore.Write.Ok(var written) -> {
                    slot.known = new AccountStore.Versioned(transition.account(), written);
                    slot.leaving = false;
                    return new Change.Done(transition);
                }
                case AccountStore.Write.Unavailable(var reason) -> {
                    return new Change.Unavailable(reason);
                }
                case AccountStore.Write.Conflict() -> slot.stale = true;
                case AccountStore.Write.Unknown(var reason) -> {
                    slot.stale = true;
                    slot.unknownAfter = version;
                    var failed = refresh(key, slot);
                    if (failed != null) {
                        return failed;
                    }
                    if (slot.known != null && slot.known.account().equals(transition.account())) {
                        return new Change.Done(transition);
                    }
                }
            }
        }
        return new Change.Unavailable(
                "account " + key + ": " + ATTEMPTS_MAX + " conflicts in a row");
    }

    /**
     * Reads an account again: an earlier ledger may have written it after it was read. Null: read,
     * else why not.
     */
    @Nullable Change readAgain(AccountKey key) {
        var slot = slot(key);
        slot.lock.lock();
        try {
            slot.stale = true;
            return refresh(key, slot);
        } finally {
            slot.lock.unlock();
        }
    }

    /**
     * Deletes it, in the store and here. False: not now.
     *
     * @param old asked again while nobody else changes the account
     */
    boolean forget(AccountKey key, Predicate<Account> old) {
        var slot = slots.get(key);
        if (slot == null) {
            return true;
        }
        slot.lock.lock();
        try {
            if (slot.lost != null || refresh(key, slot) != null) {
                return false;
            }
            var known = slot.known;
            if (known == null) {
                return slots.remove(key, slot);
            }
            if (!old.test(known.account())) {
                return false;
            }
            boolean before = slot.leaving;
            slot.leaving = true;
            return switch (store.delete(key, known.version())) {
                case AccountStore.Write.Ok _ -> {
                    slot.known = null;
                    yield slots.remove(key, slot);
                }
                case AccountStore.Write.Unavailable _ -> {
                    slot.leaving = before;
                    yield false;
                }
                case AccountStore.Write.Conflict(), AccountStore.Write.Unknown _ -> {
                    slot.stale = true; // what came of it is seen at the next time
                    yield false;
                }
            };
        } finally {
            slot.lock.unlock();
        }
    }

    /** What the store has forgotten and what is not rebuilt yet. */
    List<Account> lost() {
        var accounts = new ArrayList<Account>();
        for (var slot : slots.values()) {
            slot.lock.lock();
            try {
                if (slot.lost != null) {
                    accounts.add(slot.lost);
                }
            } finally {
                slot.lock.unlock();
            }
        }
        return accounts;
    }

    /** A write whose outcome is unknown may still be made. */
    boolean unsure(AccountKey key) {
        var slot = slot(key);
        slot.lock.lock();
        try {
            var known = slot.known;
            var version = known == null ? AccountStore.ABSENT : known.version();
            return version.equals(slot.unknownAfter);
        } finally {
            slot.lock.unlock();
        }
    }

    /** Reads what is not known for sure. What is remembered stands in for what was forgotten. */
    private @Nullable Change refresh(AccountKey key, Slot slot) {
        var before = slot.known;
        if (before != null && !slot.stale) {
            return null;
        }
        switch (store.read(key)) {
            case AccountStore.Read.Unavailable(var reason) -> {
                return new Change.Unavailable(reason);
            }
            case AccountStore.Read.Unreadable(var found) -> {
                damaged.put(found.name(), found);
                return new Change.Unavailable(found.reason());
            }
            case AccountStore.Read.Absent() -> {
                mended(key);
                slot.stale = false;
                slot.known = null;
                return before == null || slot.leaving ? null : regressed(slot, before.account());
            }
            case AccountStore.Read.Ok(var versioned) -> {
                mended(key);
                slot.stale = false;
                slot.known = versioned;
                return before != null && versioned.account().seq() < before.account().seq()
                        ? regressed(slot, before.account())
                        : null;
            }
        }
    }

    private void mended(AccountKey key) {
        damaged.values().removeIf(each -> key.equals(each.key()));
    }

    private static Change regressed(Slot slot, Account remembered) {
        var lost = slot.lost;
        if (lost == null) {
            slot.lost = remembered;
        }
        return new Change.Regressed(lost == null ? remembered : lost);
    }

    private Slot slot(AccountKey key) {
        return slots.computeIfAbsent(key, k -> new Slot());
    }
}
