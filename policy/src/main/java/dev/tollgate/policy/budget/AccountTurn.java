package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An account's turn: what was said of it since the last one goes into one write, however many say
 * it. What cannot go with others, as it must be compared with the store first, and all of it when
 * the store does not take it, goes one by one.
 */
final class AccountTurn {

    /** Accounts that share one wait for each other now and then. */
    private static final int LOCKS = 1_024;

    /** What stays in line, from the least to the worst. */
    private enum Left {
        NOTHING,
        NO_ROOM,
        REFUSED;

        Left and(Left other) {
            return compareTo(other) > 0 ? this : other;
        }
    }

    private final Turns turns;
    private final Bookkeeper keeper;
    private final Grants grants;
    private final Reports reports;
    private final Audience audience;
    private final Inbox inbox;
    private final Map<Integer, ReentrantLock> locks = new ConcurrentHashMap<>();

    AccountTurn(
            Turns turns,
            Bookkeeper keeper,
            Grants grants,
            Reports reports,
            Audience audience,
            Inbox inbox) {
        this.turns = turns;
        this.keeper = keeper;
        this.grants = grants;
        this.reports = reports;
        this.audience = audience;
        this.inbox = inbox;
    }

    /** Nobody else changes the account by a turn, or by what follows one, meanwhile. */
    <T> T alone(AccountKey key, Supplier<T> task) {
        var number = Math.floorMod(key.hashCode(), LOCKS);
        var lock = locks.computeIfAbsent(number, any -> new ReentrantLock());
        lock.lock();
        try {
            return task.get();
        } finally {
            lock.unlock();
        }
    }

    /**
     * False: the store did not take all that was told, which stays in line. So does what waits for
     * room in the account, which nobody else waits for.
     */
    boolean of(AccountKey key, Instant now, List<LedgerEffect> effects) {
        return alone(
                key,
                () -> {
                    var left = write(key, now, effects);
                    inbox.written(key, left == Left.NOTHING);
                    return left != Left.REFUSED;
                });
    }

    private Left write(AccountKey key, Instant now, List<LedgerEffect> effects) {
        var said = inbox.take(key);
        var totals = new ArrayList<Inbox.Told>(said.totals().size());
        for (var told : said.totals()) {
            // a later start of its log has told all but what its log has lost
            if (audience.sessions().isLast(told.from()) || reports.plain(told) != null) {
                totals.add(told);
            }
        }
        if (totals.size() + said.acquires().size() == 1) {
            return oneByOne(key, totals, said.acquires(), now, effects);
        }
        var left = Left.NOTHING;
        var plain = new ArrayList<Inbox.Told>(totals.size());
        var steps = new ArrayList<AccountCommand>(totals.size() + said.acquires().size());
        for (var told : totals) {
            var step = reports.plain(told);
            if (step == null) {
                left = left.and(oneByOne(key, List.of(told), List.of(), now, effects));
            } else {
                plain.add(told);
                steps.add(step);
            }
        }
        var asking = new ArrayList<LedgerCommand.Acquire>(said.acquires().size());
        var opened = new ArrayList<Account>(said.acquires().size());
        for (var acquire : said.acquires()) {
            turns.each(
                    key,
                    effects::addAll,
                    all -> {
                        var asked = grants.asked(acquire, now, all);
                        if (asked != null) {
                            asking.add(acquire);
                            steps.add(asked.command());
                            opened.add(asked.opened());
                        }
                    });
        }
        if (!steps.isEmpty()) {
            var start = opened.isEmpty() ? null : opened.getLast();
            left = left.and(together(key, start, steps, plain, asking, now, effects));
        }
        return left;
    }

    private Left together(
            AccountKey key,
            @Nullable Account opened,
            List<AccountCommand> steps,
            List<Inbox.Told> plain,
            List<LedgerCommand.Acquire> asking,
            Instant now,
            List<LedgerEffect> effects) {
        try {
            switch (keeper.together(key, opened, steps, now, effects)) {
                case AccountBook.Change.Done(var done) -> {
                    plain.forEach(told -> reports.unstored.stored(told.from(), told.totals()));
                    asking.forEach(acquire -> grants.answered(acquire, done.effects()));
                    return Left.NOTHING;
                }
                case AccountBook.Change.Unavailable _ -> {
                    plain.forEach(this::putBack);
                    asking.forEach(acquire -> grants.unavailable(acquire, effects));
                    return Left.REFUSED;
                }
                case AccountBook.Change.Regressed _ -> {}
            }
        } catch (RuntimeException e) {
            // whose step breaks a rule is seen one by one
        }
        return oneByOne(key, plain, asking, now, effects);
    }

    /** Not first in line, or an account that its store refuses would keep all others waiting. */
    private void putBack(Inbox.Told told) {
        inbox.put(told.from(), told.totals());
    }

    private Left oneByOne(
            AccountKey key,
            List<Inbox.Told> totals,
            List<LedgerCommand.Acquire> acquires,
            Instant now,
            List<LedgerEffect> effects) {
        var left = Left.NOTHING;
        var again = new ArrayList<Inbox.Told>(0);
        for (var told : totals) {
            turns.each(
                    key,
                    effects::addAll,
                    all -> {
                        if (!reports.take(told.from(), told.totals(), now, all)) {
                            again.add(told);
                        }
                    });
        }
        // nobody may say it again, so what the store does not take now is tried again later
        for (var told : again) {
            boolean noRoom = reports.awaitsRoom(told.from(), told.totals());
            left = left.and(noRoom ? Left.NO_ROOM : Left.REFUSED);
            putBack(told);
        }
        for (var acquire : acquires) {
            turns.each(key, effects::addAll, all -> grants.acquire(acquire, now, all));
        }
        return left;
    }
}
