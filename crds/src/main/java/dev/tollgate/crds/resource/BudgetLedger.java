package dev.tollgate.crds.resource;

import dev.tollgate.crds.ledger.BudgetLedgerSpec;

/**
 * The account of one Budget, subject and window: no status, so that one update is one
 * compare-and-swap.
 */
@Wire
public record BudgetLedger(Metadata metadata, BudgetLedgerSpec spec) {
    public ResourceKey key() {
        return ResourceKey.of(Kind.BUDGET_LEDGER, metadata);
    }
}
