package dev.tollgate.crds.resource;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.BudgetStatus;
import org.jspecify.annotations.Nullable;

/** Money, rate limits and alarms. */
@Wire
public record Budget(Metadata metadata, BudgetSpec spec, @Nullable BudgetStatus status) {
    public ResourceKey key() {
        return ResourceKey.of(Kind.BUDGET, metadata);
    }
}
