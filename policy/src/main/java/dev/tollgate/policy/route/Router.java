package dev.tollgate.policy.route;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides which rule serves a request (api.md, 3.1 steps 2 and 5, 3.5). Only what the snapshot and
 * the request say counts here; circuits and waits are looked at when a target is picked ({@code
 * attempt.Selection}).
 */
public final class Router {

    /** Rule name of a provider's alias, which has no policy. */
    public static final String ALIAS_RULE = "alias";

    /** Most names that a 404 lists. */
    private static final int MAX_NAMES_TOLD = 20;

    /** api.md, 3: the defaults of {@code retry}. */
    public static final RuleEntry.Retry DEFAULT_RETRY =
            new RuleEntry.Retry(EnumSet.allOf(RuleEntry.Cause.class), 3, null, 100, 5_000, 10_000);

    private Router() {}

    public static Routing route(SnapshotIndex index, Ask ask) {
        var view = index.view(ask.caller().namespace());
        var limits = Limits.of(view, ask.model());
        var policy = view.policyFor(ask.model());
        if (policy == null) {
            return routeAlias(index, view, ask, limits);
        }
        var match = RuleMatch.first(policy, ask);
        if (match == null) {
            return new NoRoute(
                    NoRoute.Kind.NO_RULE_MATCHES,
                    "no rule of RoutingPolicy " + policy.key() + " matches this request",
                    policy.key(),
                    List.of(),
                    null);
        }
        return plan(index, ask, policy, match, limits.and(policy));
    }

    /** The policy that routes a name for the callers of a namespace; null: none does. */
    public static @Nullable PolicyEntry policy(SnapshotIndex index, Caller caller, String model) {
        return index.view(caller.namespace()).policyFor(model);
    }

    /** Whether callers of a namespace may ask for a name. */
    public static boolean knows(SnapshotIndex index, String namespace, String model) {
        var view = index.view(namespace);
        return view.policyFor(model) != null || view.aliases().containsKey(model);
    }

    /** The rules that were passed over on the way to the one that serves. */
    public static List<SkippedRule> skipped(SnapshotIndex index, Ask ask) {
        var policy = policy(index, ask.caller(), ask.model());
        return policy == null ? List.of() : RuleMatch.skipped(policy, ask);
    }

    /** What the caller may ask for, sorted by name; for {@code /v1/models}. */
    public static List<VisibleModel> visibleModels(SnapshotIndex index, Caller caller) {
        var view = index.view(caller.namespace());
        var owners = new TreeMap<String, String>();
        for (var level : view.levels()) {
            for (var names : level) {
                names.exactNames().forEach(name -> claim(view, owners, name));
                for (var claim : names.patterns()) {
                    servedNames(index, claim.policy())
                            .filter(claim.pattern()::matches)
                            .forEach(name -> claim(view, owners, name));
                }
            }
        }
        view.aliases().forEach((name, alias) -> owners.putIfAbsent(name, alias.provider().key()));
        return owners.entrySet().stream()
                .map(
                        entry ->
                                new VisibleModel(
                                        entry.getKey(),
                                        entry.getValue(),
                                        capabilities(index, view, entry.getKey())))
                .toList();
    }

    /**
     * Every Budget that a request of this caller for this served model charges, sorted by key
     * (api.md, B1). Suspended and blocked ones are among them: they refuse it.
     */
    public static List<BudgetEntry> budgets(
            SnapshotIndex index, Caller caller, String servedModel) {
        var matching =
                index.view(caller.namespace()).budgets().stream()
                        .filter(budget -> charges(budget, caller))
                        .filter(budget -> matchesModel(budget, servedModel))
                        .toList();
        return withoutNeedlessDefault(index.snapshot(), matching);
    }

    /**
     * The default Budget counts only what no other one with an amount does, where the installation
     * says so.
     */
    private static List<BudgetEntry> withoutNeedlessDefault(
            Snapshot snapshot, List<BudgetEntry> matching) {
        if (matching.size() < 2
                || snapshot.settings().unbudgetedNamespaces()
                        != SettingsEntry.Unbudgeted.DEFAULT_BUDGET) {
            return matching;
        }
        var key = snapshot.platformNamespace() + "/" + SettingsEntry.DEFAULT_BUDGET;
        boolean needless =
                matching.stream().anyMatch(budget -> !budget.key().equals(key) && counts(budget));
        return needless
                ? matching.stream().filter(budget -> !budget.key().equals(key)).toList()
                : matching;
    }

    private static boolean counts(BudgetEntry budget) {
        return budget.limitMicros() != null && budget.mode() != BudgetEntry.Mode.SHADOW;
    }

    /**
     * Whether one of these Budgets is about what a request spends (api.md, B8): it has an amount
     * and is no Shadow. One that blocks says itself why.
     */
    public static boolean counted(List<BudgetEntry> budgets) {
        return budgets.stream().anyMatch(budget -> budget.blocked() != null || counts(budget));
    }

    /** Whether the installation serves nobody under these Budgets, as none counts it. */
    public static boolean refusesUncounted(Snapshot snapshot, List<BudgetEntry> budgets) {
        return snapshot.settings().refusesUnbudgeted() && !counted(budgets);
    }

    /** The caller's Budgets with a ladder that one of these targets would charge, sorted by key. */
    public static List<BudgetEntry> ladders(
            SnapshotIndex index, Caller caller, List<Candidate> candidates) {
        if (index.view(caller.namespace()).budgets().stream()
                .allMatch(budget -> budget.steps().isEmpty())) {
            return List.of();
        }
        return candidates.stream()
                .map(candidate -> candidate.model().name())
                .distinct()
                .flatMap(model -> budgets(index, caller, model).stream())
                .filter(budget -> !budget.steps().isEmpty())
                .distinct()
                .sorted(Comparator.comparing(BudgetEntry::key))
                .toList();
    }

    private static boolean charges(BudgetEntry budget, Caller caller) {
        return budget.callers().isEmpty() || budget.callers().contains(caller.name());
    }

    /** Of a rule whose targets were all left out when its policy was compiled. */
    private static final Exclusion NO_TARGETS =
            new Exclusion(
                    "",
                    "",
                    "",
                    Exclusion.Reason.UNRESOLVED,
                    "none can be used; condition ResolvedRefs of its RoutingPolicy says why, or the"
                            + " log of tollgate serve");

    /** What a request is told when no target of a plan can take it now; api.md, R0. */
    public static NoRoute exhausted(
            String route, List<Exclusion> exclusions, @Nullable Long retryAfterMillis) {
        var deciding =
                exclusions.stream().min(Comparator.comparing(Exclusion::reason)).orElse(NO_TARGETS);
        return new NoRoute(
                kind(deciding.reason()),
                message(route, deciding),
                route,
                exclusions,
                deciding.reason() == Exclusion.Reason.NEAR_LIMIT ? retryAfterMillis : null);
    }

    private static NoRoute.Kind kind(Exclusion.Reason reason) {
        return switch (reason) {
            case NEAR_LIMIT -> NoRoute.Kind.NEAR_LIMIT;
            case BREAKER_OPEN, UNHEALTHY, UNRESOLVED, NO_WEIGHT -> NoRoute.Kind.UNAVAILABLE;
            case ABOVE_COST_CEILING -> NoRoute.Kind.ABOVE_COST_CEILING;
            case CONTEXT_TOO_SMALL -> NoRoute.Kind.CONTEXT_TOO_SMALL;
            case CAPABILITY_MISSING -> NoRoute.Kind.CAPABILITY_MISSING;
            case BELOW_QUALITY_FLOOR -> NoRoute.Kind.BELOW_QUALITY_FLOOR;
            case REGION_NOT_ALLOWED -> NoRoute.Kind.REGION_NOT_ALLOWED;
        };
    }

    private static String message(String route, Exclusion deciding) {
        var subject = deciding.target().isEmpty() ? "" : "target " + deciding.target() + " ";
        return "no target of " + route + " can serve this request: " + subject + deciding.detail();
    }

    private static boolean matchesModel(BudgetEntry budget, String servedModel) {
        return budget.models().isEmpty()
                || budget.models().stream()
                        .anyMatch(text -> new ModelPattern(text).matches(servedModel));
    }

    private static Routing routeAlias(
            SnapshotIndex index, NamespaceView view, Ask ask, Limits limits) {
        var alias = view.aliases().get(ask.model());
        if (alias == null) {
            return modelNotFound(index, ask);
        }
        var target =
                new RuleEntry.TargetEntry(
                        ALIAS_RULE, alias.provider().key(), alias.model().name(), null, 0, 1, null);
        var candidate = new Candidate(target, alias.provider(), alias.model());
        var route = alias.provider().key() + "/" + ALIAS_RULE;
        var excluded = TargetFilter.exclude(candidate, ask, limits, 0);
        if (excluded != null) {
            return exhausted(route, List.of(excluded), null);
        }
        var traits =
                new Traits(
                        ask.estimatedInputTokens(), ask.outputLimit(), ask.stream(), 0, null, null);
        return RoutePlan.only(candidate, route, ALIAS_RULE, traits, limits.maxCost());
    }

    private static Routing plan(
            SnapshotIndex index, Ask ask, PolicyEntry policy, RuleMatch match, Limits limits) {
        var rule = match.rule();
        var floor = rule.selection().floor();
        int wanted = Quality.floor(floor, ask.headers());
        int required = floor != null && floor.rejectUnmet() ? wanted : 0;
        var candidates = new ArrayList<Candidate>();
        var exclusions = new ArrayList<Exclusion>();
        for (var target : rule.targets()) {
            var name = target.model() == null ? ask.model() : target.model();
            var provider = index.provider(target.provider());
            var model = index.model(target.provider(), name);
            if (provider == null || model == null) {
                exclusions.add(TargetFilter.unresolved(target, name, provider != null));
                continue;
            }
            var candidate = new Candidate(target, provider, model);
            var excluded =
                    target.weight() == 0 && !isCanary(rule, target)
                            ? TargetFilter.withoutWeight(candidate)
                            : TargetFilter.exclude(candidate, ask, limits, required);
            if (excluded == null) {
                candidates.add(candidate);
            } else {
                exclusions.add(excluded);
            }
        }
        var route = policy.key() + "/" + rule.name();
        if (candidates.isEmpty()) {
            return exhausted(route, exclusions, null);
        }
        candidates.sort(Comparator.comparingInt(Candidate::priority));
        return new RoutePlan(
                policy.key(),
                route,
                rule.name(),
                policy.answersRequestedModel(),
                candidates,
                exclusions,
                rule.selection(),
                traits(ask, rule, wanted, match.complexity()),
                rule.canary(),
                shadows(index, ask, rule, limits),
                rule.hedge(),
                policy.cache(),
                rule.retry(),
                rule.firstTokenMillis(),
                rule.requestMillis(),
                limits.maxCost());
    }

    /** Those that may get this request: the filters hold for copies too; R1. */
    private static List<RuleEntry.Shadow> shadows(
            SnapshotIndex index, Ask ask, RuleEntry rule, Limits limits) {
        return rule.shadows().stream()
                .filter(
                        shadow -> {
                            var candidate = shadowed(index, shadow, ask.model());
                            return candidate != null
                                    && TargetFilter.exclude(candidate, ask, limits, 0) == null;
                        })
                .toList();
    }

    /** Where a shadow's copies go; null: its provider or model is gone. */
    public static @Nullable Candidate shadowed(
            SnapshotIndex index, RuleEntry.Shadow shadow, String asked) {
        var name = shadow.model() == null ? asked : shadow.model();
        var provider = index.provider(shadow.provider());
        var model = index.model(shadow.provider(), name);
        return provider == null || model == null
                ? null
                : new Candidate(
                        new RuleEntry.TargetEntry(
                                shadow.name(), shadow.provider(), name, null, 0, 1, null),
                        provider,
                        model);
    }

    private static boolean isCanary(RuleEntry rule, RuleEntry.TargetEntry target) {
        var canary = rule.canary();
        return canary != null && canary.target().equals(target.name());
    }

    private static Traits traits(
            Ask ask, RuleEntry rule, int floor, @Nullable Complexity complexity) {
        var sticky = rule.sticky();
        var header = sticky == null ? null : sticky.header();
        var key =
                sticky == null
                        ? null
                        : header == null ? ask.caller().name() : ask.headers().first(header);
        return new Traits(
                ask.estimatedInputTokens(),
                ask.outputLimit(),
                ask.stream(),
                floor,
                key,
                complexity);
    }

    private static NoRoute modelNotFound(SnapshotIndex index, Ask ask) {
        var names = visibleModels(index, ask.caller()).stream().map(VisibleModel::name).toList();
        var told = String.join(", ", names.subList(0, Math.min(MAX_NAMES_TOLD, names.size())));
        var hint =
                names.isEmpty()
                        ? "namespace " + ask.caller().namespace() + " can see no model"
                        : "available: "
                                + told
                                + (names.size() > MAX_NAMES_TOLD
                                        ? " and " + (names.size() - MAX_NAMES_TOLD) + " more"
                                        : "");
        return new NoRoute(
                NoRoute.Kind.MODEL_NOT_FOUND,
                "model " + ask.model() + " does not exist here; " + hint,
                null,
                List.of(),
                null);
    }

    private static void claim(NamespaceView view, TreeMap<String, String> owners, String name) {
        if (!owners.containsKey(name)) {
            var policy = view.policyFor(name);
            if (policy != null) {
                owners.put(name, policy.key());
            }
        }
    }

    private static Set<String> capabilities(SnapshotIndex index, NamespaceView view, String name) {
        var capabilities = new HashSet<String>();
        var policy = view.policyFor(name);
        var alias = view.aliases().get(name);
        if (policy == null) {
            return alias == null ? capabilities : Set.copyOf(alias.model().capabilities());
        }
        for (var rule : policy.rules()) {
            for (var target : rule.targets()) {
                var served = target.model();
                var model = index.model(target.provider(), served == null ? name : served);
                if (model != null) {
                    capabilities.addAll(model.capabilities());
                }
            }
        }
        return capabilities;
    }

    /** Names that targets without a model of their own let through. */
    private static Stream<String> servedNames(SnapshotIndex index, PolicyEntry policy) {
        return policy.rules().stream()
                .flatMap(rule -> rule.targets().stream())
                .filter(target -> target.model() == null)
                .map(target -> index.provider(target.provider()))
                .filter(Objects::nonNull)
                .flatMap(provider -> provider.models().stream())
                .map(model -> model.name());
    }

    /**
     * Constraints that hold for a request: those of every matching Override policy and of the one
     * that routes; api.md, R41.
     *
     * @param regions null: all
     */
    record Limits(@Nullable Set<String> regions, @Nullable Money maxCost) {

        static Limits of(NamespaceView view, String model) {
            var limits = new Limits(null, null);
            for (var policy : view.constraining()) {
                if (policy.models().stream().anyMatch(t -> new ModelPattern(t).matches(model))) {
                    limits = limits.and(policy);
                }
            }
            return limits;
        }

        Limits and(PolicyEntry policy) {
            return new Limits(intersect(policy.regions()), lower(policy.maxCostNanosPerRequest()));
        }

        private @Nullable Set<String> intersect(@Nullable List<String> others) {
            if (others == null) {
                return regions;
            }
            var both = new HashSet<>(others);
            if (regions != null) {
                both.retainAll(regions);
            }
            return both;
        }

        private @Nullable Money lower(@Nullable Long nanos) {
            if (nanos == null || (maxCost != null && maxCost.nanos() <= nanos)) {
                return maxCost;
            }
            return new Money(nanos);
        }
    }
}
