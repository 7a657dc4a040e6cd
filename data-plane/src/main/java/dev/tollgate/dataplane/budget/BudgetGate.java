package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.Future;
import java.util.List;

/**
 * Admits attempts against all budgets that they charge, without asking anybody: money comes from
 * leases that this process holds. Any thread may call it; it never blocks.
 */
public interface BudgetGate {

    /**
     * Reserves the claim's bound in each of its budgets, all or nothing, and logs the intent before
     * it answers. Completed at once, but for a lease that is short: that waits for the ledger for
     * at most a second (with all claims of the request), and completes on the caller's Vert.x
     * context if it has one. Never fails; every outcome is an {@link Admission}.
     */
    Future<Admission> reserve(Claim claim);

    /**
     * What is settled in the present window of a Budget with an amount, by the fleet as last heard
     * and by this process until now; zero for others. Of one that counts each namespace apart, that
     * of the team.
     */
    Money spent(BudgetEntry budget, String team);

    /** New budgets: limits, suspensions, deletions. */
    void snapshotChanged(List<BudgetEntry> budgets);

    /** What this process saw billed above its bound. */
    BoundViolations violations();

    /**
     * How every budget stands in its current window that was charged here or that the ledger told
     * of.
     */
    List<BudgetFigures> figures();

    /** Reservations that nobody has settled; or leases of which something is held all the same. */
    int openHolds();

    /** What this gate counted since its start. */
    GateCounters counters();

    /**
     * Refuses new claims, waits until open reservations are settled or {@code graceMillis} are
     * over, closes the leases, and makes the log durable.
     */
    Future<Void> close(long graceMillis);
}
