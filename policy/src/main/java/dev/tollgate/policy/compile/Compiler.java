package dev.tollgate.policy.compile;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.route.Conflict;
import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.crds.route.TargetCounts;
import dev.tollgate.policy.compile.LastAccepted.Generation;
import dev.tollgate.policy.route.ModelClaims;
import dev.tollgate.policy.route.SnapshotIndex;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All resources to one snapshot and a verdict for each object (api.md, O1). It is a pure function:
 * the order of its input means nothing, the input is never edited, every problem is told at once,
 * and a bad object takes only itself out: it serves on as its last accepted generation (C3), but
 * for what must never be served that way (C4).
 *
 * <pre>
 * providers -> entries -> policies -> entries, with targets resolved -> who wins which name
 * budgets -> entries (never accepted: blocked, B9)         Secrets -> client keys
 * </pre>
 */
public final class Compiler {

    /** Most conflicts that a status lists. */
    private static final int MAX_CONFLICTS = 16;

    private final Resources resources;
    private final CompileSettings settings;
    private final LastAccepted last;
    private final Surroundings around;
    private final Deprecations deprecations;

    private final Map<ResourceKey, Served<ProviderEntry>> providers = new HashMap<>();
    private final Map<ResourceKey, Served<PolicyCompiler.Outcome>> policies = new HashMap<>();
    private final Map<ResourceKey, Served<BudgetEntry>> budgets = new HashMap<>();
    private final Map<ResourceKey, Generation<ModelProviderSpec>> providerSpecs = new HashMap<>();
    private final Map<ResourceKey, Generation<RoutingPolicySpec>> policySpecs = new HashMap<>();
    private final Map<ResourceKey, Generation<BudgetSpec>> budgetSpecs = new HashMap<>();

    /**
     * What one object came to.
     *
     * @param findings of its present generation
     * @param entry null: it is not served
     * @param generation of {@code entry}
     */
    private record Served<T>(Findings findings, @Nullable T entry, @Nullable Long generation) {}

    private Compiler(Resources resources, CompileSettings settings, LastAccepted last) {
        this.resources = resources;
        this.settings = settings;
        this.last = last;
        this.around = new Surroundings(resources, settings);
        this.deprecations = new Deprecations(settings);
    }

    public static Compiled compile(
            Resources resources, CompileSettings settings, LastAccepted last) {
        return new Compiler(resources, settings, last).run();
    }

    private Compiled run() {
        resources.providers().forEach(this::provider);
        var resolver = new TargetResolver(resources.providers(), providerEntries());
        resources.policies().forEach(policy -> policy(policy, resolver));
        resources.budgets().forEach(this::budget);
        var keys = ClientKeys.of(resources.secrets());
        var snapshot =
                new Snapshot(
                        Snapshot.SCHEMA_VERSION,
                        settings.platformNamespace(),
                        new SettingsEntry(
                                settings.endpointPolicy(),
                                settings.unbudgetedNamespaces(),
                                around.namespaces()),
                        providerEntries(),
                        policyEntries(),
                        budgetEntries(),
                        keys.entries(),
                        settings.issuers());
        var credentials = new TreeSet<String>();
        for (var provider : snapshot.providers()) {
            var credential = provider.auth().credential();
            if (credential != null) {
                credentials.add(credential);
            }
        }
        return new Compiled(
                snapshot,
                verdicts(snapshot),
                credentials,
                new LastAccepted(providerSpecs, policySpecs, budgetSpecs),
                keys.problems());
    }

    private void provider(ModelProvider provider) {
        var key = provider.key();
        var findings = new Findings(key);
        var entry = new ProviderCompiler(around, provider.spec(), findings).compile();
        Generation<ModelProviderSpec> served =
                new Generation<>(provider.metadata().generation(), provider.spec());
        if (!findings.accepted()) {
            served = last.providers().get(key);
            entry = served == null ? null : earlier(key, served.spec(), provider.spec());
        }
        if (served != null) {
            providerSpecs.put(key, served);
        }
        if (entry != null && served != null) {
            deprecations.add(entry, served.spec());
        }
        providers.put(key, served(findings, entry, served));
    }

    /** C4: with the references as they are now, and open to no more than both generations say. */
    private @Nullable ProviderEntry earlier(
            ResourceKey key, ModelProviderSpec spec, ModelProviderSpec later) {
        var entry = new ProviderCompiler(around, spec, new Findings(key)).compile();
        if (entry == null) {
            return null;
        }
        var allowed = ProviderCompiler.usableBy(around, later, new Findings(key));
        return new ProviderEntry(
                entry.key(),
                entry.type(),
                entry.dialect(),
                entry.telemetryName(),
                entry.url(),
                entry.inCluster(),
                entry.caCertificates(),
                entry.apiVersion(),
                entry.auth(),
                entry.models(),
                entry.region(),
                Surroundings.intersect(entry.usableBy(), allowed),
                entry.timeouts(),
                entry.breaker(),
                entry.billing(),
                entry.quirks());
    }

    private void policy(RoutingPolicy policy, TargetResolver resolver) {
        var key = policy.key();
        var findings = new Findings(key);
        var outcome = new PolicyCompiler(around, resolver, policy.spec(), findings).compile();
        Generation<RoutingPolicySpec> served =
                new Generation<>(policy.metadata().generation(), policy.spec());
        if (!findings.accepted()) {
            served = last.policies().get(key);
            outcome = served == null ? null : earlier(key, resolver, served.spec(), policy.spec());
        }
        if (served != null) {
            policySpecs.put(key, served);
        }
        policies.put(key, served(findings, outcome, served));
    }

    private PolicyCompiler.@Nullable Outcome earlier(
            ResourceKey key,
            TargetResolver resolver,
            RoutingPolicySpec spec,
            RoutingPolicySpec later) {
        var outcome = new PolicyCompiler(around, resolver, spec, new Findings(key)).compile();
        if (outcome == null) {
            return null;
        }
        var visible =
                around.scope(
                        later.visibleTo(),
                        key.namespace(),
                        false,
                        "spec.visibleTo",
                        new Findings(key));
        var entry = outcome.entry();
        return new PolicyCompiler.Outcome(
                new PolicyEntry(
                        entry.key(),
                        entry.models(),
                        Surroundings.intersect(entry.visibleTo(), visible),
                        entry.override(),
                        entry.answersRequestedModel(),
                        entry.regions(),
                        entry.maxCostNanosPerRequest(),
                        entry.rules()),
                outcome.providers(),
                outcome.total(),
                outcome.sound());
    }

    private void budget(Budget budget) {
        var key = budget.key();
        var findings = new Findings(key);
        var compiler = new BudgetCompiler(around, budget.spec(), findings);
        var entry = compiler.compile();
        Generation<BudgetSpec> served =
                new Generation<>(budget.metadata().generation(), budget.spec());
        if (!findings.accepted()) {
            served = last.budgets().get(key);
            var earlier =
                    served == null
                            ? null
                            : new BudgetCompiler(around, served.spec(), new Findings(key))
                                    .compile();
            entry =
                    earlier == null
                            ? compiler.blocked(Findings.told(findings.problems()))
                            : BudgetCompiler.tightened(earlier, budget.spec());
        }
        if (served != null) {
            budgetSpecs.put(key, served);
        }
        budgets.put(key, served(findings, entry, served));
    }

    private static <T, S> Served<T> served(
            Findings findings, @Nullable T entry, @Nullable Generation<S> generation) {
        return new Served<>(
                findings,
                entry,
                entry == null || generation == null ? null : (Long) generation.generation());
    }

    private List<ProviderEntry> providerEntries() {
        var entries = new ArrayList<ProviderEntry>();
        for (var served : providers.values()) {
            if (served.entry() != null) {
                entries.add(served.entry());
            }
        }
        entries.sort(Comparator.comparing(ProviderEntry::key));
        return entries;
    }

    /** By age, then namespace/name; without a time, as in a folder, an object is the youngest. */
    private List<PolicyEntry> policyEntries() {
        var entries = new ArrayList<PolicyEntry>();
        resources.policies().stream()
                .map(RoutingPolicy::metadata)
                .sorted(Comparator.comparing(Compiler::age).thenComparing(Surroundings::key))
                .forEach(
                        metadata -> {
                            var key = ResourceKey.of(Kind.ROUTING_POLICY, metadata);
                            var outcome = policies.get(key);
                            if (outcome != null && outcome.entry() != null) {
                                entries.add(outcome.entry().entry());
                            }
                        });
        return entries;
    }

    private static Instant age(Metadata metadata) {
        var created = metadata.creationTimestamp();
        return created == null ? Instant.MAX : created;
    }

    private List<BudgetEntry> budgetEntries() {
        var entries = new ArrayList<BudgetEntry>();
        for (var served : budgets.values()) {
            if (served.entry() != null) {
                entries.add(served.entry());
            }
        }
        entries.sort(Comparator.comparing(BudgetEntry::key));
        return entries;
    }

    private Map<ResourceKey, Verdict> verdicts(Snapshot snapshot) {
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
            verdicts.put(budget.key(), verdict(budget));
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

    private Verdict verdict(Budget budget) {
        var served = get(budgets, budget.key());
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

    private static <T> Served<T> get(Map<ResourceKey, Served<T>> all, ResourceKey key) {
        var served = all.get(key);
        if (served == null) {
            throw new IllegalStateException(key + " (expected: compiled)");
        }
        return served;
    }
}
