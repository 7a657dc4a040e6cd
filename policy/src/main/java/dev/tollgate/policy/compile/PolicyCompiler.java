package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.NamespaceScope;
import dev.tollgate.crds.route.Cache;
import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.crds.route.RoutingPolicySpec.Inheritance;
import dev.tollgate.crds.route.RoutingPolicySpec.ResponseModel;
import dev.tollgate.crds.route.Rule;
import dev.tollgate.crds.route.Target;
import dev.tollgate.policy.canary.CanaryPlan;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One RoutingPolicy to its entry (api.md, section 3). */
final class PolicyCompiler {

    private static final Pattern MODEL_PATTERN =
            Pattern.compile(
                    "\\*|\\*[A-Za-z0-9._:/@-]{1,127}|[A-Za-z0-9][A-Za-z0-9._:/@-]{0,126}\\*?");

    private final Surroundings around;
    private final TargetResolver resolver;
    private static final int MAX_SHADOWS = 2;
    private static final int USUAL_COPIES = 4;
    private static final int MAX_COPIES = 1_000;
    private static final int MODERATE_FROM = 34;
    private static final int COMPLEX_FROM = 67;
    private static final int MAX_COMPLEXITY = 100;

    private final String namespace;
    private final RoutingPolicySpec spec;
    private final CanaryInput canaryInput;
    private final Findings findings;
    private final Set<String> providers = new TreeSet<>();
    private final Map<String, CanaryPlan> canaries = new HashMap<>();
    private int totalTargets;
    private int soundTargets;

    PolicyCompiler(
            Surroundings around,
            TargetResolver resolver,
            RoutingPolicySpec spec,
            CanaryInput canaryInput,
            Findings findings) {
        this.around = around;
        this.canaryInput = canaryInput;
        this.resolver = resolver;
        this.namespace = findings.object().namespace();
        this.spec = spec;
        this.findings = findings;
    }

    /**
     * A policy that may be served.
     *
     * @param providers that its targets may use
     * @param canaries by route
     */
    record Outcome(
            PolicyEntry entry,
            Set<String> providers,
            int total,
            int sound,
            Map<String, CanaryPlan> canaries) {}

    /** Null: rejected. Targets that lead nowhere are left out alone (C2). */
    @Nullable Outcome compile() {
        boolean override = override();
        var visibleTo =
                around.scope(spec.visibleTo(), namespace, false, "spec.visibleTo", findings);
        checkScope(override);
        checkModels();
        var constraints = spec.constraints();
        var regions =
                constraints == null || constraints.regions().isEmpty()
                        ? null
                        : constraints.regions().stream().sorted().toList();
        Money ceiling =
                constraints == null
                        ? null
                        : findings.money(
                                constraints.maxCostPerRequest(),
                                "spec.constraints.maxCostPerRequest");
        if (spec.rules().isEmpty() && !(override && constraints != null)) {
            findings.invalid(
                    "spec.rules", "absent (expected: rules, or Override with constraints)");
        }
        var rules = rules(regions);
        var entry =
                new PolicyEntry(
                        namespace + "/" + findings.object().name(),
                        spec.models().stream().sorted().toList(),
                        visibleTo,
                        override,
                        answersRequested(),
                        regions,
                        ceiling == null ? null : ceiling.nanos(),
                        cache(),
                        moderateFrom(),
                        complexFrom(),
                        rules);
        return findings.accepted()
                ? new Outcome(entry, providers, totalTargets, soundTargets, canaries)
                : null;
    }

    private boolean override() {
        var inheritance = spec.inheritance();
        if (inheritance == Inheritance.UNKNOWN) {
            findings.unsupported("spec.inheritance", "a value of a newer version");
        }
        return inheritance == Inheritance.OVERRIDE;
    }

    private boolean answersRequested() {
        var model = spec.responseModel();
        if (model == ResponseModel.UNKNOWN) {
            findings.unsupported("spec.responseModel", "a value of a newer version");
        }
        return model == null || model == ResponseModel.REQUESTED;
    }

    /** T2. A selector that happens to select the own namespace alone is refused too. */
    private void checkScope(boolean override) {
        if (around.isPlatform(namespace)) {
            return;
        }
        var from = spec.visibleTo() == null ? null : spec.visibleTo().from();
        if (from == NamespaceScope.From.ALL || from == NamespaceScope.From.SELECTOR) {
            findings.reject(
                    ConditionReason.SCOPE_NOT_PERMITTED,
                    "spec.visibleTo",
                    "other namespaces (expected: Same outside the platform namespace)");
        }
        if (override) {
            findings.reject(
                    ConditionReason.SCOPE_NOT_PERMITTED,
                    "spec.inheritance",
                    "Override (expected: Default outside the platform namespace)");
        }
    }

    private void checkModels() {
        if (spec.models().isEmpty()) {
            findings.invalid("spec.models", "absent (expected: at least one name)");
        }
        var names = new HashSet<String>();
        for (int i = 0; i < spec.models().size(); i++) {
            var model = spec.models().get(i);
            if (!MODEL_PATTERN.matcher(model).matches() || !names.add(model)) {
                findings.invalid(
                        "spec.models[" + i + "]",
                        model + " (expected: a name or pattern, each once)");
            }
        }
    }

    /** R24, R55. Null: answers are not kept. */
    private PolicyEntry.@Nullable Cache cache() {
        var cache = spec.cache();
        if (cache == null) {
            return null;
        }
        if (cache.mode() == Cache.Mode.UNKNOWN) {
            findings.unsupported("spec.cache.mode", "a value of a newer version");
        }
        if (cache.temperature() == Cache.Temperature.UNKNOWN) {
            findings.unsupported("spec.cache.temperature", "a value of a newer version");
        }
        long ttl =
                findings.millis(
                        cache.ttl(), "spec.cache.ttl", PolicyEntry.Cache.DEFAULT_TTL_MILLIS);
        if (!PolicyEntry.Cache.isTtl(ttl)) {
            findings.invalid("spec.cache.ttl", cache.ttl() + " (expected: from 1s to 24h)");
        }
        if (cache.mode() != Cache.Mode.EXACT) {
            return null;
        }
        if (spec.rules().isEmpty()) {
            findings.invalid(
                    "spec.cache", "without rules (expected: rules whose answers it keeps)");
        }
        return new PolicyEntry.Cache(ttl, cache.temperature() == Cache.Temperature.ANY);
    }

    private int moderateFrom() {
        var borders = spec.complexity();
        return borders == null || borders.moderateFrom() == null
                ? MODERATE_FROM
                : borders.moderateFrom();
    }

    private int complexFrom() {
        var borders = spec.complexity();
        int from =
                borders == null || borders.complexFrom() == null
                        ? COMPLEX_FROM
                        : borders.complexFrom();
        if (moderateFrom() < 0 || moderateFrom() >= from || from > MAX_COMPLEXITY) {
            findings.invalid(
                    "spec.complexity",
                    moderateFrom()
                            + " and "
                            + from
                            + " (expected: 0 <= moderateFrom < complexFrom <= 100)");
        }
        return from;
    }

    private List<RuleEntry> rules(@Nullable List<String> regions) {
        var entries = new ArrayList<RuleEntry>();
        var names = new HashSet<String>();
        for (int i = 0; i < spec.rules().size(); i++) {
            var rule = spec.rules().get(i);
            var at = "spec.rules[" + i + "]";
            if (!names.add(rule.name())) {
                findings.invalid(at + ".name", rule.name() + " (expected: one rule a name)");
            }
            if (rule.match() == null && i < spec.rules().size() - 1) {
                findings.invalid(at + ".match", "absent (expected: in all rules but the last)");
            }
            var targets = targets(rule, regions, at);
            var shadows = shadows(rule, regions, at);
            var canary = canary(rule, targets, at);
            var compiler = new RuleCompiler(namespace, rule, at, findings);
            entries.add(compiler.compile(targets, canary, shadows));
        }
        return entries;
    }

    /** With the share of its present state. A canary whose target leads nowhere waits for it. */
    private RuleEntry.@Nullable Canary canary(
            Rule rule, List<RuleEntry.TargetEntry> targets, String at) {
        var written = rule.canary();
        var plan =
                written == null
                        ? null
                        : new CanaryCompiler(rule, written, at, findings)
                                .compile(canaryInput.retryAt());
        if (plan == null || targets.stream().noneMatch(t -> t.name().equals(plan.target()))) {
            return null;
        }
        var route = namespace + "/" + findings.object().name() + "/" + rule.name();
        canaries.put(route, plan);
        return new RuleEntry.Canary(plan.target(), plan.percent(canaryInput.states().get(route)));
    }

    private List<RuleEntry.TargetEntry> targets(
            Rule rule, @Nullable List<String> regions, String ruleAt) {
        if (rule.targets().isEmpty()) {
            findings.invalid(ruleAt + ".targets", "absent (expected: at least one target)");
        }
        var entries = new ArrayList<RuleEntry.TargetEntry>();
        var names = new HashSet<String>();
        for (int i = 0; i < rule.targets().size(); i++) {
            var target = rule.targets().get(i);
            var at = ruleAt + ".targets[" + i + "]";
            if (!names.add(target.name())) {
                findings.invalid(at + ".name", target.name() + " (expected: one target a name)");
            }
            int priority = target.priority() == null ? 0 : target.priority();
            int weight = target.weight() == null ? 1 : target.weight();
            if (priority < 0 || weight < 0) {
                findings.invalid(at, "priority or weight below 0 (expected: at least 0)");
            }
            var resolved =
                    resolver.resolve(target, namespace, spec.models(), regions, at, findings);
            totalTargets++;
            soundTargets += resolved.sound() ? 1 : 0;
            if (resolved.provider() != null) {
                providers.add(resolved.provider());
            }
            if (resolved.entry() != null) {
                entries.add(resolved.entry());
            }
        }
        checkWeights(rule, ruleAt);
        return entries;
    }

    /** Resolved as targets are; those that lead nowhere are left out alone. */
    private List<RuleEntry.Shadow> shadows(
            Rule rule, @Nullable List<String> regions, String ruleAt) {
        if (rule.shadow().size() > MAX_SHADOWS) {
            findings.invalid(
                    ruleAt + ".shadow",
                    rule.shadow().size() + " (expected: at most " + MAX_SHADOWS + ")");
        }
        var entries = new ArrayList<RuleEntry.Shadow>();
        var names = new HashSet<String>();
        for (int i = 0; i < rule.shadow().size(); i++) {
            var shadow = rule.shadow().get(i);
            var at = ruleAt + ".shadow[" + i + "]";
            int most = shadow.maxConcurrent() == null ? USUAL_COPIES : shadow.maxConcurrent();
            if (!names.add(shadow.name())) {
                findings.invalid(at + ".name", shadow.name() + " (expected: one shadow a name)");
            }
            if (shadow.percent() < 1 || shadow.percent() > 100) {
                findings.invalid(at + ".percent", shadow.percent() + " (expected: 1..100)");
            }
            if (most < 1 || most > MAX_COPIES) {
                findings.invalid(
                        at + ".maxConcurrent", most + " (expected: 1.." + MAX_COPIES + ")");
            }
            var target =
                    new Target(
                            shadow.name(),
                            shadow.providerRef(),
                            shadow.model(),
                            null,
                            null,
                            null,
                            null,
                            null);
            var resolved =
                    resolver.resolve(target, namespace, spec.models(), regions, at, findings);
            var provider = resolved.provider();
            if (provider != null) {
                providers.add(provider);
            }
            if (provider != null && resolved.sound()) {
                entries.add(
                        new RuleEntry.Shadow(
                                shadow.name(), provider, shadow.model(), shadow.percent(), most));
            }
        }
        return entries;
    }

    /** R51: a priority whose targets all have weight 0 could never serve. */
    private void checkWeights(Rule rule, String at) {
        var weighted = new HashSet<Integer>();
        var all = new TreeSet<Integer>();
        for (var target : rule.targets()) {
            int priority = target.priority() == null ? 0 : target.priority();
            all.add(priority);
            if (target.weight() == null || target.weight() > 0) {
                weighted.add(priority);
            }
        }
        all.removeAll(weighted);
        if (!all.isEmpty()) {
            findings.invalid(
                    at + ".targets",
                    "priority " + all.first() + " (expected: a target with a weight above 0)");
        }
    }
}
