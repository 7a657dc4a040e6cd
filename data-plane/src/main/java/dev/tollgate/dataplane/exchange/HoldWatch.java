package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.BudgetGate;
import dev.tollgate.dataplane.telemetry.Invariant;
import dev.tollgate.dataplane.telemetry.Metrics;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asserts that nothing is held when nothing runs (I11). What is held all the same is told, and
 * stays held: nobody knows that its provider does not bill it. The next start of the proxy settles
 * it at its hold. One thread.
 */
public final class HoldWatch {

    public static final long EVERY_MILLIS = 1_000;

    /** So many looks in a row at which nothing ran: a process that was stopped has not looked. */
    static final int QUIET_LOOKS = 5;

    private static final Logger LOG = LoggerFactory.getLogger(HoldWatch.class);

    private final BudgetGate gate;
    private final BooleanSupplier busy;
    private final Metrics metrics;
    private long reserved;
    private int quiet;
    private int told;

    /**
     * @param busy whether anything that holds money runs, in any event loop
     */
    public HoldWatch(BudgetGate gate, BooleanSupplier busy, Metrics metrics) {
        this.gate = gate;
        this.busy = busy;
        this.metrics = metrics;
    }

    /** Called every {@link #EVERY_MILLIS}. */
    public void look() {
        // what comes and goes between two looks is seen by this count alone
        long now = gate.counters().reserved();
        boolean idle = now == reserved && !busy.getAsBoolean();
        reserved = now;
        quiet = idle ? Math.min(QUIET_LOOKS, quiet + 1) : 0;
        if (quiet < QUIET_LOOKS) {
            return;
        }
        int open = gate.openHolds();
        if (open > told) {
            metrics.violated(Invariant.I11);
            LOG.error(
                    "I11: {} holds are open and nothing runs; they stay charged, and are settled at"
                            + " their amount when this proxy is started again",
                    open);
        }
        told = open;
    }
}
