package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The money of one account that this process may spend. Any thread takes from it by compare and
 * swap; only {@link LeaseKeeper} puts grants in, takes idle money out and ends it.
 *
 * <pre>
 * open --end()--> ended (nothing is taken any more) --idle()--> closed in the log, told to the ledger
 * </pre>
 *
 * Whoever wants to take first calls {@link #enter}, so that a lease that ended and is idle stays
 * idle; and {@link #leave} once its settlement is in the log.
 */
final class Lease {

    private static final long ENDED = Long.MIN_VALUE;

    final AccountKey key;
    final String account;
    final Window window;
    volatile Period period;

    /** End of the window by the monotonic clock; {@code Long.MAX_VALUE}: Lifetime. */
    volatile long endNanos;

    /** That end is the ledger's word; else only the wall clock of this process names it. */
    volatile boolean endTold;

    volatile long usedNanos;
    volatile long sliceNanos;

    /** With less than this a refill is asked for. */
    volatile long refillBelowNanos;

    volatile boolean direct;

    /** Settled and overrun of others in the account, as the ledger last told. */
    volatile long othersSpentNanos;

    /** It has had money: once closed, its account gets no other lease. */
    volatile boolean granted;

    // the keeper's alone
    /** The last slice was less than what was wished for. */
    boolean shortened;

    volatile long reportedNanos;
    long reportedAtNanos;
    long returnedAtNanos;

    /** While it had nothing: a grant on its way is wanted back, unless it was asked for since. */
    boolean recalled;

    long burnSpentNanos;

    /** Spent by others of its account that it stands for now. */
    long earlierNanos;

    /**
     * An Acquire had no clear answer: if no grant of it arrives, it is not known that there is
     * none.
     */
    volatile boolean unclear;

    /** Until then the last Acquire may be granted although no grant of it arrives. */
    long unsureUntilNanos;

    private final AtomicLong free = new AtomicLong();
    private final AtomicInteger inside = new AtomicInteger();
    final AtomicLong heldNanos = new AtomicLong();
    final AtomicLong spentNanos = new AtomicLong();

    Lease(AccountKey key, Period period, long endNanos, long nowNanos) {
        this.key = key;
        this.account = key.toString();
        this.window = key.window();
        this.period = period;
        this.endNanos = endNanos;
        this.usedNanos = nowNanos;
        this.reportedAtNanos = nowNanos;
        this.unsureUntilNanos = nowNanos;
    }

    void enter() {
        inside.incrementAndGet();
    }

    void leave() {
        inside.decrementAndGet();
    }

    boolean idle() {
        return inside.get() == 0;
    }

    boolean take(long nanos) {
        while (true) {
            var now = free.get();
            if (now < nanos) {
                return false; // ended, too
            }
            if (free.compareAndSet(now, now - nanos)) {
                return true;
            }
        }
    }

    long takeUpTo(long nanos) {
        while (true) {
            var now = free.get();
            var part = Math.min(now, nanos);
            if (part <= 0) {
                return 0;
            }
            if (free.compareAndSet(now, now - part)) {
                return part;
            }
        }
    }

    /** Into an ended lease: nothing, its close gives it back. */
    void give(long nanos) {
        while (true) {
            var now = free.get();
            if (now == ENDED || free.compareAndSet(now, Math.addExact(now, nanos))) {
                return;
            }
        }
    }

    void end() {
        free.set(ENDED);
    }

    boolean ended() {
        return free.get() == ENDED;
    }

    long freeNanos() {
        return Math.max(0, free.get());
    }

    void endsAt(long nanos, boolean told) {
        endNanos = nanos;
        endTold = told;
    }

    boolean isOver(long nowNanos) {
        return endNanos != Long.MAX_VALUE && nowNanos - endNanos >= 0;
    }

    /** It never had one, or too little is left of it. */
    boolean wantsRefill() {
        return !granted || free.get() < refillBelowNanos;
    }
}
