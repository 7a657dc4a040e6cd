package dev.tollgate.crds.ledger;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
        @Nullable Long resetMicros,
        @Nullable Instant resetAt,
        long seq,
        long epoch,
        List<Lease> leases,
        List<String> closed,
        @Nullable Long frozenAtSeq) {
    public BudgetLedgerSpec {
        leases = Absent.asEmpty(leases);
        closed = Absent.asEmpty(closed);
    }
}
