package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.route.Conflict;
import dev.tollgate.crds.route.TargetCounts;
import dev.tollgate.policy.route.ModelClaims;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.SnapshotIndex;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What each object's author is told, once everything is compiled (api.md, section 5). */
final class Verdicts {

    /** Most conflicts that a status lists. */
    private static final int MAX_CONFLICTS = 16;

    private final Resources resources;
    private final Deprecations deprecations;
    private final Map<ResourceKey, Served<ProviderEntry>> providers;
    private final Map<ResourceKey, Served<PolicyCompiler.Outcome>> policies;
    private final Map<ResourceKey, Served<BudgetEntry>> budgets;

    Verdicts(
            Resources resources,
            Deprecations deprecations,
            Map<ResourceKey, Served<ProviderEntry>> providers,
            Map<ResourceKey, Served<PolicyCompiler.Outcome>> policies,
            Map<ResourceKey, Served<BudgetEntry>> budgets) {
        this.resources = resources;
        this.deprecations = deprecations;
        this.providers = providers;
        this.policies = policies;
        this.budgets = budgets;
    }

    /** One for each ModelProvider, RoutingPolicy and Budget. */
    Map<ResourceKey, Verdict> of(Snapshot snapshot) {
        var verdicts = new HashMap<ResourceKey, Verdict>();
        var uses = new HashMap<String, Integer>();
        for (var served : policies.values()) {
            if (served.entry() != null) {
                served.entry().providers().forEach(key -> uses.merge(key, 1, Integer::sum));
            }
        }
        for (var provider : resources.providers()) {
            verdicts.put(provider.key(), verdict(provider, snapshot.policies(), uses));
        }
        var index = SnapshotIndex.of(snapshot);
        for (var policy : resources.policies()) {
            verdicts.put(policy.key(), verdict(policy, index));
        }
        for (var budget : resources.budgets()) {
            verdicts.put(budget.key(), verdict(budget, index));
        }
        return verdicts;
    }

    private Verdict verdict(
            ModelProvider provider, List<PolicyEntry> policies, Map<String, Integer> uses) {
        var served = get(providers, provider.key());
        var entry = served.entry();
        var findings = new ArrayList<Finding>();
        findings.add(served.findings().acceptedFinding(served.generation()));
        findings.add(served.findings().resolvedFinding());
        if (entry != null) {
            findings.add(deprecations.ofProvider(entry, policies));
        }
        var figures =
                new Figures.OfProvider(
                        entry == null ? 0 : entry.models().size(),
                        uses.getOrDefault(Surroundings.key(provider.metadata()), 0));
        return new Verdict(
                provider.key(),
                provider.metadata().generation(),
                served.generation(),
                findings,
                entry != null,
                served.findings().problems(),
                figures);
    }

    private Verdict verdict(RoutingPolicy policy, SnapshotIndex index) {
        var served = get(policies, policy.key());
        var outcome = served.entry();
        var findings = new ArrayList<Finding>();
        List<ModelClaims.Lost> lost =
                outcome == null ? List.of() : ModelClaims.lost(index, outcome.entry());
        boolean lostAll =
                outcome != null
                        && !lost.isEmpty()
                        && lost.size() == outcome.entry().models().size();
        var accepted = served.findings().acceptedFinding(served.generation());
        findings.add(
                lostAll && accepted.isTrue()
                        ? new Finding(
                                ConditionType.ACCEPTED,
                                Condition.Status.FALSE,
                                ConditionReason.CONFLICTED,
                                "other policies serve every name: " + names(lost))
                        : accepted);
        findings.add(served.findings().resolvedFinding());
        if (outcome != null) {
            findings.add(conflicted(lost));
            findings.add(deprecations.ofPolicy(outcome.entry()));
        }
        boolean onlyConstrains = outcome != null && outcome.entry().rules().isEmpty();
        boolean usable = outcome != null && (outcome.sound() > 0 || onlyConstrains) && !lostAll;
        return new Verdict(
                policy.key(),
                policy.metadata().generation(),
                served.generation(),
                findings,
                usable,
                served.findings().problems(),
                figures(policy, outcome, lost));
    }

    private static Figures figures(
            RoutingPolicy policy,
            PolicyCompiler.@Nullable Outcome outcome,
            List<ModelClaims.Lost> lost) {
        int total =
                outcome == null
                        ? policy.spec().rules().stream().mapToInt(r -> r.targets().size()).sum()
                        : outcome.total();
        int sound = outcome == null ? 0 : outcome.sound();
        return new Figures.OfPolicy(
                new TargetCounts(total, sound, sound + "/" + total),
                outcome == null ? 0 : outcome.entry().models().size() - lost.size(),
                lost.stream()
                        .limit(MAX_CONFLICTS)
                        .map(name -> new Conflict(name.model(), name.winner()))
                        .toList());
    }

    private static Finding conflicted(List<ModelClaims.Lost> lost) {
        return lost.isEmpty()
                ? new Finding(
                        ConditionType.CONFLICTED,
                        Condition.Status.FALSE,
                        ConditionReason.NO_CONFLICT,
                        "every name is its own")
                : new Finding(
                        ConditionType.CONFLICTED,
                        Condition.Status.TRUE,
                        ConditionReason.MODEL_CLAIMED,
                        "other policies serve: " + names(lost));
    }

    private static String names(List<ModelClaims.Lost> lost) {
        return lost.stream()
                .limit(MAX_CONFLICTS)
                .map(name -> name.model() + " (" + name.winner() + ")")
                .collect(Collectors.joining(", "));
    }

    private Verdict verdict(Budget budget, SnapshotIndex index) {
        var served = get(budgets, budget.key());
        if (served.entry() != null) {
            downgrades(served.entry(), served.findings(), index);
        }
        return new Verdict(
                budget.key(),
                budget.metadata().generation(),
                served.generation(),
                List.of(
                        served.findings().acceptedFinding(served.generation()),
                        served.findings().resolvedFinding()),
                served.generation() != null,
                served.findings().problems(),
                new Figures.OfBudget());
    }

    /** Where a cheaper name leads nowhere, what was asked for serves on. */
    private static void downgrades(BudgetEntry budget, Findings findings, SnapshotIndex index) {
        for (var step : budget.steps()) {
            var name = step.downgradeTo();
            if (name == null) {
                continue;
            }
            var without =
                    budget.namespaces().names().stream()
                            .filter(namespace -> !Router.knows(index, namespace, name))
                            .limit(MAX_CONFLICTS)
                            .toList();
            if (!without.isEmpty()) {
                findings.unresolved(
                        ConditionReason.MODEL_NOT_FOUND,
                        "spec.thresholds[" + budget.steps().indexOf(step) + "].downgradeTo",
                        name + " (expected: a name that is served in " + without + ")");
            }
        }
    }

    private static <T> Served<T> get(Map<ResourceKey, Served<T>> all, ResourceKey key) {
        var served = all.get(key);
        if (served == null) {
            throw new IllegalStateException(key + " (expected: compiled)");
        }
        return served;
    }
}
