package dev.tollgate.policy.compile;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.route.RoutingPolicySpec;
import java.util.Map;

/**
 * The last accepted generation of every object that still exists: what goes on serving when a later
 * one is invalid (api.md, C3). Each compile returns the next one; the operator keeps it across
 * restarts.
 */
public record LastAccepted(
        Map<ResourceKey, Generation<ModelProviderSpec>> providers,
        Map<ResourceKey, Generation<RoutingPolicySpec>> policies,
        Map<ResourceKey, Generation<BudgetSpec>> budgets) {

    public static final LastAccepted NONE = new LastAccepted(Map.of(), Map.of(), Map.of());

    /** One generation of a spec. */
    public record Generation<S>(long generation, S spec) {}

    public LastAccepted {
        providers = Map.copyOf(providers);
        policies = Map.copyOf(policies);
        budgets = Map.copyOf(budgets);
    }
}
