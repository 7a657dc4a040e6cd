package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
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
    volatile boolean frozen;
    volatile long limitNanos;

    /** Settled and overrun of others, as the ledger last told. */
    volatile long othersSpentNanos;

    final AtomicBoolean refillAsked = new AtomicBoolean();
    final AtomicLong boundMaxNanos = new AtomicLong();
    final AtomicLong boundViolations = new AtomicLong();
    final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();
    final AtomicInteger waiting = new AtomicInteger();

    /** Leases of windows that are over, until the ledger has their final totals. */
    final ArrayDeque<Lease> over = new ArrayDeque<>();

    /** Leases of windows that begin later than this process thought. */
    private final ArrayList<Lease> ahead = new ArrayList<>(0);

    /** Start of the latest window that is not entered again: its lease had money, or is closed. */
    private @Nullable Instant left;

    // the keeper's alone
    @Nullable Asked asked;
    boolean onlyHead;
    long recallUntilNanos;
    final Burn burn = new Burn();

    /** How long the last refills took to be answered. */
    long refillTakesNanos;

    private final LastHeard heard;
    private volatile @Nullable Lease lease;

    /** An Acquire that has no answer yet; it may have been said again. */
    record Asked(
            Lease lease,
            long request,
            long amountMicros,
            long wantedMicros,
            long firstNanos,
            long sentNanos) {}

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
            return roll(window, period, now, nowNanos);
        }
    }

    /**
     * The ledger names another window than this process thought. False: it is the same, or one that
     * is over: late settlements change accounts of windows that nobody admits to any more. A window
     * that this process entered too early, and got no money of, is entered again.
     */
    synchronized boolean adopt(
            AccountKey told, @Nullable Long remainingNanos, long nowNanos, TimeSource time) {
        var known = lease;
        var start = told.windowStart();
        if (known == null || start == null) {
            return false;
        }
        if (told.equals(known.key)) {
            if (remainingNanos != null) {
                known.endNanos = nowNanos + remainingNanos;
            }
            return false;
        }
        var window = Window.of(known.period, start);
        if (!start.equals(window.start())) {
            return false; // of another period
        }
        var over = remainingNanos != null && remainingNanos <= 0;
        if (over || left != null && !start.isAfter(left)) {
            return false;
        }
        var rolled = roll(window, known.period, start, nowNanos);
        if (remainingNanos != null) {
            rolled.endNanos = nowNanos + remainingNanos;
        }
        return true;
    }

    private Lease roll(Window window, Period period, Instant now, long nowNanos) {
        var remaining = window.remaining(now);
        var end = remaining == null ? Long.MAX_VALUE : nowNanos + remaining.toNanos();
        var key = AccountKey.of(budget, subject, window.start());
        var before = lease;
        if (before != null && before.key.equals(key)) {
            // the same account under another period: what is held stays held
            before.endNanos = end;
            before.window = window;
            before.period = period;
            return before;
        }
        var next = takeAhead(key, window);
        if (next == null) {
            next = new Lease(key, window, period, end, nowNanos);
        } else {
            next.endNanos = end;
            next.usedNanos = nowNanos;
        }
        lease = next;
        othersSpentNanos = heard.spentNanos(key);
        refusal = null;
        if (before != null) {
            leave(before, next);
        }
        return next;
    }

    /** An account has one lease: closed once, it gets no other one. */
    private @Nullable Lease takeAhead(AccountKey key, Window window) {
        Lease found = null;
        for (var each : List.copyOf(ahead)) {
            if (each.key.equals(key)) {
                ahead.remove(each);
                found = each;
            } else if (!isBefore(window, each.window)) {
                ahead.remove(each);
                if (mayHaveMoney(each)) {
                    left = each.window.start();
                }
                retire(each);
            }
        }
        return found;
    }

    private void leave(Lease before, Lease next) {
        boolean samePeriod = before.period.equals(next.period);
        if (samePeriod && isBefore(next.window, before.window)) {
            ahead.add(before);
            return;
        }
        if (!samePeriod || mayHaveMoney(before)) {
            left = samePeriod ? before.window.start() : null;
        }
        retire(before);
    }

    private static boolean mayHaveMoney(Lease lease) {
        return lease.granted || lease.unclear;
    }

    /** Its window was entered again, before its lease that never got anything was forgotten. */
    synchronized boolean hasAnother(Lease lease) {
        var known = this.lease;
        return known != null && known != lease && known.key.equals(lease.key)
                || ahead.stream().anyMatch(each -> each != lease && each.key.equals(lease.key));
    }

    /** In the log: of its account nothing is spent any more. */
    synchronized void closed(Lease over) {
        var start = over.window.start();
        var known = lease;
        if (start != null
                && known != null
                && known.period.equals(over.period)
                && (left == null || start.isAfter(left))) {
            left = start;
        }
    }

    private void retire(Lease lease) {
        lease.end();
        synchronized (over) {
            over.add(lease);
        }
    }

    private static boolean isBefore(Window one, Window other) {
        var start = one.start();
        var otherStart = other.start();
        return start != null && otherStart != null && start.isBefore(otherStart);
    }

    /** Spent in this window, by the fleet as last heard and by this process until now. */
    long spentNanos() {
        var known = lease;
        return othersSpentNanos + (known == null ? 0 : known.spentNanos.get());
    }

    boolean isFor(AccountKey key) {
        return key.subject().equals(subject) && key.budget().equals(budget);
    }

    BudgetView view(BudgetEntry entry) {
        var limit = entry.limitMicros() == null ? Money.ZERO : Money.ofMicros(entry.limitMicros());
        var known = lease;
        var held = known == null ? 0 : known.heldNanos.get();
        var remaining = Math.max(0, limit.nanos() - spentNanos() - held);
        return new BudgetView(budget, new Money(remaining), limit);
    }
}
