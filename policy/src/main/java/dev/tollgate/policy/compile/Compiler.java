package dev.tollgate.policy.compile;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.policy.canary.CanaryPlan;
import dev.tollgate.policy.canary.CanaryState;
import dev.tollgate.policy.compile.LastAccepted.Generation;
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

    private final Resources resources;
    private final CompileSettings settings;
    private final LastAccepted last;
    private final Map<String, CanaryState> canaries;
    private final Map<String, ViolationStatus> violations;
    private final Surroundings around;
    private final Deprecations deprecations;

    private final Map<ResourceKey, Served<ProviderEntry>> providers = new HashMap<>();
    private final Map<ResourceKey, Served<PolicyCompiler.Outcome>> policies = new HashMap<>();
    private final Map<ResourceKey, Served<BudgetEntry>> budgets = new HashMap<>();
    private final Map<ResourceKey, Generation<ModelProviderSpec>> providerSpecs = new HashMap<>();
    private final Map<ResourceKey, Generation<RoutingPolicySpec>> policySpecs = new HashMap<>();
    private final Map<ResourceKey, Generation<BudgetSpec>> budgetSpecs = new HashMap<>();

    private Compiler(
            Resources resources,
            CompileSettings settings,
            LastAccepted last,
            Map<String, CanaryState> canaries,
            Map<String, ViolationStatus> violations) {
        this.resources = resources;
        this.settings = settings;
        this.last = last;
        this.canaries = Map.copyOf(canaries);
        this.violations = Map.copyOf(violations);
        this.around = new Surroundings(resources, settings);
        this.deprecations = new Deprecations(settings);
    }

    public static Compiled compile(
            Resources resources, CompileSettings settings, LastAccepted last) {
        return compile(resources, settings, last, Map.of());
    }

    /**
     * As the other.
     *
     * @param canaries how far each has come, by route; those that are absent begin
     */
    public static Compiled compile(
            Resources resources,
            CompileSettings settings,
            LastAccepted last,
            Map<String, CanaryState> canaries) {
        return compile(resources, settings, last, canaries, Map.of());
    }

    /**
     * As the other.
     *
     * @param violations the last call that the fleet saw billed above its bound, by Budget
     */
    public static Compiled compile(
            Resources resources,
            CompileSettings settings,
            LastAccepted last,
            Map<String, CanaryState> canaries,
            Map<String, ViolationStatus> violations) {
        return new Compiler(resources, settings, last, canaries, violations).run();
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
                new Verdicts(resources, deprecations, providers, policies, budgets).of(snapshot),
                credentials,
                new LastAccepted(providerSpecs, policySpecs, budgetSpecs),
                keys.problems(),
                canaryPlans(),
                deprecations.all(snapshot));
    }

    private void provider(ModelProvider provider) {
        var key = provider.key();
        var findings = new Findings(key);
        var entry =
                Served.<ProviderEntry>guarded(
                        findings,
                        () -> new ProviderCompiler(around, provider.spec(), findings).compile());
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
        providers.put(key, Served.of(findings, entry, served));
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
                entry.passThrough(),
                entry.region(),
                Surroundings.intersect(entry.usableBy(), allowed),
                entry.timeouts(),
                entry.breaker(),
                entry.billing(),
                entry.quirks(),
                entry.limits(),
                entry.healthCheck());
    }

    private Map<String, CanaryPlan> canaryPlans() {
        var plans = new HashMap<String, CanaryPlan>();
        for (var served : policies.values()) {
            if (served.entry() != null) {
                plans.putAll(served.entry().canaries());
            }
        }
        return plans;
    }

    private void policy(RoutingPolicy policy, TargetResolver resolver) {
        var key = policy.key();
        var canary =
                new CanaryInput(
                        canaries, policy.metadata().annotations().get(CanaryCompiler.RETRY_AT));
        var findings = new Findings(key);
        var outcome =
                Served.<PolicyCompiler.Outcome>guarded(
                        findings,
                        () ->
                                new PolicyCompiler(
                                                around, resolver, policy.spec(), canary, findings)
                                        .compile());
        Generation<RoutingPolicySpec> served =
                new Generation<>(policy.metadata().generation(), policy.spec());
        if (!findings.accepted()) {
            served = last.policies().get(key);
            outcome =
                    served == null
                            ? null
                            : earlier(key, resolver, served.spec(), policy.spec(), canary);
        }
        if (served != null) {
            policySpecs.put(key, served);
        }
        policies.put(key, Served.of(findings, outcome, served));
    }

    private PolicyCompiler.@Nullable Outcome earlier(
            ResourceKey key,
            TargetResolver resolver,
            RoutingPolicySpec spec,
            RoutingPolicySpec later,
            CanaryInput canary) {
        var outcome =
                new PolicyCompiler(around, resolver, spec, canary, new Findings(key)).compile();
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
                        entry.cache(),
                        entry.moderateFrom(),
                        entry.complexFrom(),
                        entry.rules()),
                outcome.providers(),
                outcome.total(),
                outcome.sound(),
                outcome.canaries());
    }

    private void budget(Budget budget) {
        var key = budget.key();
        var findings = new Findings(key);
        var violation = violations.get(key.namespace() + "/" + key.name());
        var compiler =
                new BudgetCompiler(
                        around,
                        budget.spec(),
                        BudgetCompiler.Asked.by(budget.metadata().annotations()),
                        violation,
                        findings);
        var entry = Served.<BudgetEntry>guarded(findings, compiler::compile);
        Generation<BudgetSpec> served =
                new Generation<>(budget.metadata().generation(), budget.spec());
        var serving = served;
        if (!findings.accepted()) {
            served = last.budgets().get(key);
            var earlier =
                    served == null
                            ? null
                            : new BudgetCompiler(
                                            around,
                                            served.spec(),
                                            BudgetCompiler.readable(
                                                    budget, served.spec(), settings.now()),
                                            violation,
                                            new Findings(key))
                                    .compile();
            entry =
                    earlier == null
                            ? compiler.blocked(Findings.told(findings.problems()))
                            : BudgetCompiler.tightened(earlier, budget.spec());
            serving = earlier == null ? null : served;
        }
        if (served != null) {
            budgetSpecs.put(key, served);
        }
        budgets.put(key, Served.of(findings, entry, serving));
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
}
