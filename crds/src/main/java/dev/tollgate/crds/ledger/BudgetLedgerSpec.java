package dev.tollgate.crds.ledger;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import java.util.List;

/**
 * The account of one Budget, subject and window, in whole micro-dollars; totals only grow and
 * {@code seq} counts the writes.
 */
@Wire
public record BudgetLedgerSpec(
        LedgerKey key,
        long limitMicros,
        long settledMicros,
        long overrunMicros,
        long seq,
        long epoch,
        List<Lease> leases) {
    public BudgetLedgerSpec {
        leases = Absent.asEmpty(leases);
    }
}
