package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerEffect;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asserts that what is told of a lease, which its log has added up, is what requests have settled
 * of it, which they add up beside the log; and that the ledger never counts more of it than was
 * told (I12). A violation is a bug; it is logged and counted, and what the log says is told all the
 * same. On the keeper's thread.
 */
final class ToldCheck {

    private static final Logger LOG = LoggerFactory.getLogger(ToldCheck.class);

    private static final long NANOS_PER_MICRO = 1_000;

    /** What is within a lease and what is above it are rounded up each. */
    private static final long ROUNDED_NANOS = 2 * NANOS_PER_MICRO;

    private final LongAdder wrong = new LongAdder();

    /** Any thread. */
    long wrong() {
        return wrong.sum();
    }

    /**
     * Totals of a lease that is in use.
     *
     * @param spentNanos what was settled of it before its totals were read
     */
    void atLeast(LeaseTotals totals, long spentNanos) {
        if (nanos(totals) < spentNanos) {
            violated(totals, spentNanos, "settled");
        }
    }

    /**
     * Final totals.
     *
     * @param spentNanos all that was settled of the lease
     */
    void exactly(LeaseTotals totals, long spentNanos) {
        long more = nanos(totals) - spentNanos;
        if (more < 0 || more >= ROUNDED_NANOS) {
            violated(totals, spentNanos, "settled in all");
        }
    }

    /**
     * What the ledger has of a lease of this process is what was told of it, or less.
     *
     * @param totals null: there is no lease of the account
     */
    void heard(LedgerEffect.State state, @Nullable LeaseTotals totals) {
        long own = state.settledMicros() - state.elsewhereMicros();
        if (totals != null && own > totals.settledMicros() + totals.overrunMicros()) {
            violated(totals, own * NANOS_PER_MICRO, "counted by the ledger");
        }
    }

    private static long nanos(LeaseTotals totals) {
        return (totals.settledMicros() + totals.overrunMicros()) * NANOS_PER_MICRO;
    }

    private void violated(LeaseTotals totals, long nanos, String what) {
        wrong.increment();
        LOG.error("I12: the log has {}, and {} nano-USD are {}", totals, nanos, what);
    }
}
