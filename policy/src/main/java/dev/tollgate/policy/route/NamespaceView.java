package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the callers of one namespace can see.
 *
 * @param levels model names by precedence: Override policies, the namespace's own, shared ones
 * @param constraining Override policies with constraints
 * @param budgets sorted by key
 */
record NamespaceView(
        List<List<ModelNames>> levels,
        List<PolicyEntry> constraining,
        Map<String, Alias> aliases,
        List<BudgetEntry> budgets) {

    /** A provider's public name for one of its models. */
    record Alias(ProviderEntry provider, ModelEntry model) {}

    @Nullable PolicyEntry policyFor(String model) {
        for (var level : levels) {
            var claim = ModelNames.winner(level, model);
            if (claim != null) {
                return claim.policy();
            }
        }
        return null;
    }
}
