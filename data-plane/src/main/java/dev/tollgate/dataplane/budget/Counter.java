package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One Budget and subject as this process sees it: the lease of the current window, who waits for
 * it, and what the ledger last said. The request path reads and takes; everything else is written
 * by {@link LeaseKeeper}'s thread.
 */
final class Counter {

    final String budget;
    final String subject;

    volatile @Nullable Refusal refusal;
    volatile long limitNanos;

    final AtomicBoolean refillAsked = new AtomicBoolean();
    final AtomicLong boundMaxNanos = new AtomicLong();
    final AtomicLong boundViolations = new AtomicLong();
    final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();
    final AtomicInteger waiting = new AtomicInteger();

    /** Leases of windows that are over, until the ledger has their final totals. */
    final ArrayDeque<Lease> over = new ArrayDeque<>();

    /**
     * Leases that may be the current one again: of windows that begin later than this process
     * thought, or may go on by the ledger's clock, and of periods that the Budget had before, while
     * their windows go on. An account has one lease: closed once, it gets no other one.
     */
    private final ArrayList<Lease> kept = new ArrayList<>(0);

    /**
     * Of each period, the latest window that is not entered again: its lease had money, or is
     * closed.
     */
    private final Map<Period, Window> left = new HashMap<>(1);

    /** Written by the keeper alone. */
    volatile @Nullable Asked asked;

    // the keeper's alone
    boolean onlyHead;
    long recallUntilNanos;
    final Burn burn = new Burn();

    /** How long the last refills took to be answered. */
    long refillTakesNanos;

    /** Its Budget is gone, and nothing of it is left to be told: since when; null: not so. */
    @Nullable Long restsSinceNanos;

    private final LastHeard heard;
    private volatile @Nullable Lease lease;
    private volatile boolean forgotten;

    /** An Acquire that has no answer yet; it may have been said again. */
    record Asked(
            Lease lease,
            long request,
            long amountMicros,
            long wantedMicros,
            long neededMicros,
            long firstNanos,
            long sentNanos) {

        Asked saidAgain(long nowNanos) {
            return new Asked(
                    lease, request, amountMicros, wantedMicros, neededMicros, firstNanos, nowNanos);
        }
    }

    Counter(String budget, String subject, LastHeard heard) {
        this.heard = heard;
        this.budget = budget;
        this.subject = subject;
    }

    @Nullable Lease current() {
        return lease;
    }

    /** The lease of the current window; a new one, empty, when the window or the period changed. */
    Lease lease(Period period, long nowNanos, TimeSource time) {
        var known = lease;
        if (known != null && known.period.equals(period) && !known.isOver(nowNanos)) {
            return known;
        }
        synchronized (this) {
            var again = lease;
            if (again != null && again.period.equals(period) && !again.isOver(nowNanos)) {
                return again;
            }
            retireOver(nowNanos);
            var now = time.now();
            var window = Window.of(period, now);
            if (again != null && again.period.equals(period)) {
                // the monotonic clock says it is over, whatever the wall clock says
                var end = again.window.end();
                if (end != null && now.isBefore(end)) {
                    window = Window.of(period, end);
                    now = end;
                }
            }
            var passed = left(period);
            if (passed != null && !window.isAfter(passed)) {
                // it was left before the period came back
                now = Objects.requireNonNull(passed.end());
                window = Window.of(period, now);
            }
            var back =
                    again == null || again.period.equals(period) ? null : keptOf(period, nowNanos);
            return roll(back == null ? window : back.window, period, now, nowNanos);
        }
    }

    /** One of another period may be the same: two time zones have their hours in common. */
    private @Nullable Window left(Period period) {
        Window last = null;
        for (var each : left.values()) {
            if (each.isOf(period) && (last == null || each.isAfter(last))) {
                last = each;
            }
        }
        return last;
    }

    /**
     * As {@link #lease}, and entered: it is not closed until who calls leaves it. One that ends at
     * that moment is left for the next. Null: the counter is forgotten, another one stands for it.
     */
    @Nullable Lease entered(Period period, TimeSource time) {
        var found = lease(period, time.nanos(), time);
        found.enter();
        if (found.ended()) {
            found.leave();
            found = lease(period, time.nanos(), time);
            found.enter();
        }
        if (forgotten) { // looked at once it is entered, as whoever forgets it looks afterwards
            found.leave();
            return null;
        }
        return found;
    }

    boolean isForgotten() {
        return forgotten;
    }

    /** From now on nobody enters it; who is inside has entered before. */
    void forget() {
        forgotten = true;
    }

    /** It is not forgotten after all. */
    void remember() {
        forgotten = false;
    }

    /** Its window goes on by the monotonic clock, whatever the wall clock says. */
    private @Nullable Lease keptOf(Period period, long nowNanos) {
        Lease first = null;
        for (var each : kept) {
            if (each.period.equals(period)
                    && !each.isOver(nowNanos)
                    && (first == null || first.window.isAfter(each.window))) {
                first = each;
            }
        }
        return first;
    }

    /**
     * The ledger names another window than this process thought. False: it is the same, or one that
     * is over: late settlements change accounts of windows that nobody admits to any more. A window
     * that this process entered too early, and got no money of, is entered again.
     */
    synchronized boolean adopt(
            AccountKey told, @Nullable Long remainingNanos, long nowNanos, TimeSource time) {
        var known = lease;
        var window = told.window();
        var start = window.start();
        if (known == null || start == null) {
            return false;
        }
        if (told.equals(known.key)) {
            if (remainingNanos != null) {
                known.endsAt(nowNanos + remainingNanos, true);
            }
            return false;
        }
        if (!window.isOf(known.period)) {
            return false; // of another period
        }
        var over = remainingNanos != null && remainingNanos <= 0;
        var passed = left(known.period);
        if (over || passed != null && !window.isAfter(passed)) {
            return false;
        }
        if (known.granted && known.window.isAfter(window)) {
            return false; // the ledger's windows never go back
        }
        var rolled = roll(window, known.period, start, nowNanos);
        if (remainingNanos != null) {
            rolled.endsAt(nowNanos + remainingNanos, true);
        }
        return true;
    }

    private Lease roll(Window window, Period period, Instant now, long nowNanos) {
        var remaining = window.remaining(now);
        var end = remaining == null ? Long.MAX_VALUE : nowNanos + remaining.toNanos();
        var key = AccountKey.of(budget, subject, window);
        var before = lease;
        if (before != null && before.key.equals(key)) {
            // a window of both periods: what is held stays held
            before.endsAt(end, false);
            before.period = period;
            return before;
        }
        var next = takeKept(key);
        if (next == null) {
            next = new Lease(key, period, end, nowNanos);
            next.othersSpentNanos = heard.spentNanos(key);
        } else {
            boolean samePeriod = before != null && before.period.equals(period);
            if (samePeriod || !next.period.equals(period)) {
                next.endsAt(end, false); // else the monotonic clock went on with it
            }
            next.period = period;
            next.usedNanos = nowNanos;
        }
        lease = next;
        refusal = null;
        if (before != null) {
            kept.add(before);
        }
        retireOver(nowNanos);
        return next;
    }

    private @Nullable Lease takeKept(AccountKey key) {
        for (var each : kept) {
            if (each.key.equals(key)) {
                kept.remove(each);
                return each;
            }
        }
        return null;
    }

    /** Those that do not come back. */
    synchronized void retireOver(long nowNanos) {
        for (var each : kept.isEmpty() ? List.<Lease>of() : List.copyOf(kept)) {
            if (isLeft(each, nowNanos) && !mayBeAhead(each, nowNanos)) {
                kept.remove(each);
                retire(each);
            }
        }
    }

    /**
     * By the clocks of this process it is over; what the present one passes by of its period is.
     */
    private boolean isLeft(Lease each, long nowNanos) {
        var known = lease;
        return known != null && each.period.equals(known.period)
                ? !each.window.isAfter(known.window)
                : each.isOver(nowNanos);
    }

    /**
     * Only this process says that it is over, whose wall clock may be wrong by more than a window:
     * closed, its account would be closed to this process when the ledger comes to it. One of which
     * nothing can have been granted is not closed, and may be entered again.
     */
    private boolean mayBeAhead(Lease each, long nowNanos) {
        var open = asked; // before what came of it: the keeper writes that before it is answered
        return (open != null && open.lease() == each || mayHaveMoney(each))
                && !(each.endTold ? each.isOver(nowNanos) : heard.isOver(each.window, nowNanos));
    }

    /** From now on it may be granted. False: its lease has ended, and nothing is asked for it. */
    synchronized boolean asks(Asked next) {
        if (of(next.lease().key) != next.lease()) {
            return false;
        }
        asked = next;
        return true;
    }

    /** Those that are not the current one and go on. */
    synchronized List<Lease> kept() {
        return kept.isEmpty() ? List.of() : List.copyOf(kept);
    }

    /** What was spent of one of an account is of the one that stands for it now. */
    synchronized void leftTo(Lease left) {
        var known = of(left.key);
        if (known != null) {
            known.earlierNanos += left.spentNanos.get() + left.earlierNanos;
        }
    }

    /** What this process has settled of the lease's account in all, once nobody is in it. */
    synchronized long settledNanos(Lease lease) {
        long sum = lease.spentNanos.get() + lease.earlierNanos;
        synchronized (over) {
            for (var each : over) {
                if (each != lease && each.key.equals(lease.key)) {
                    sum += each.spentNanos.get() + each.earlierNanos;
                }
            }
        }
        return sum;
    }

    /**
     * Whether there is one beside the current one: of a window that is over, or one that is kept.
     */
    synchronized boolean hasOthers() {
        synchronized (over) {
            return !kept.isEmpty() || !over.isEmpty();
        }
    }

    /** The lease of an account that is not over; null: there is none. */
    synchronized @Nullable Lease of(AccountKey account) {
        var known = lease;
        if (known != null && known.key.equals(account)) {
            return known;
        }
        return kept.stream().filter(each -> each.key.equals(account)).findFirst().orElse(null);
    }

    private static boolean mayHaveMoney(Lease lease) {
        return lease.granted || lease.unclear;
    }

    /** Its window was entered again, before its lease that never got anything was forgotten. */
    synchronized boolean hasAnother(Lease lease) {
        var known = of(lease.key);
        return known != null && known != lease;
    }

    /** As before, and not all of what was admitted with the other one is settled. */
    boolean hasAnotherInUse(Lease lease) {
        synchronized (over) {
            return over.stream().anyMatch(o -> o != lease && o.key.equals(lease.key) && !o.idle());
        }
    }

    /** In the log: of its account nothing is spent any more. */
    synchronized void closed(Lease over) {
        pass(over);
    }

    /** The log has closed it, though its window goes on: the next one is entered. */
    synchronized void leaveClosed(Lease closed, long nowNanos) {
        pass(closed);
        closed.endsAt(nowNanos, true); // it does not come back, whatever the ledger says
    }

    private void pass(Lease over) {
        if (over.window.start() != null) {
            left.merge(over.period, over.window, (a, b) -> a.isAfter(b) ? a : b);
        }
    }

    private void retire(Lease lease) {
        if (mayHaveMoney(lease)) {
            pass(lease);
        }
        lease.end();
        synchronized (over) {
            over.add(lease);
        }
    }

    /** Spent in this window, by the fleet as last heard and by this process until now. */
    long spentNanos() {
        var known = lease;
        return known == null ? 0 : known.othersSpentNanos + known.spentNanos.get();
    }

    BudgetView view(BudgetEntry entry) {
        var limit = entry.limitMicros() == null ? Money.ZERO : Money.ofMicros(entry.limitMicros());
        var known = lease;
        var held = known == null ? 0 : known.heldNanos.get();
        var remaining = Math.max(0, limit.nanos() - spentNanos() - held);
        return new BudgetView(budget, new Money(remaining), limit);
    }
}
