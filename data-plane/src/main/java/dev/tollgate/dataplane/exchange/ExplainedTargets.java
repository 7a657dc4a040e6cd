package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.budget.Holds;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.policy.attempt.ExpectedCost;
import dev.tollgate.policy.attempt.Telemetry;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.Exclusion;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.Routing;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.LimitsEntry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What each target of a rule would make of a request, were it asked. */
final class ExplainedTargets {

    /**
     * @param refusal what the client is told if this target is asked, null: nothing
     */
    private record Looked(
            Candidate candidate,
            List<BudgetEntry> budgets,
            @Nullable Money held,
            OptionalLong writtenLimit,
            List<String> dropped,
            @Nullable Refusal refusal,
            @Nullable Exclusion excluded) {}

    private final Resolution.Asked asked;
    private final Resolution.Resolved resolved;
    private final Map<String, Looked> looked = new LinkedHashMap<>();
    private final Routing routing;

    ExplainedTargets(Resolution.Asked asked, Resolution.Resolved resolved) {
        this.asked = asked;
        this.resolved = resolved;
        Routing rest = resolved.plan();
        for (var candidate : resolved.plan().candidates()) {
            var seen = look(candidate);
            looked.put(candidate.target().name(), seen);
            var excluded = seen.excluded();
            if (excluded != null && rest instanceof RoutePlan plan) {
                rest = Resolution.without(plan, candidate, excluded);
            }
        }
        this.routing = rest;
    }

    /** The plan without those that cannot serve; no route if none is left. */
    Routing routing() {
        return routing;
    }

    private Looked look(Candidate candidate) {
        var budgets = Router.budgets(asked.index(), asked.caller(), candidate.model().name());
        return switch (Quote.of(resolved, candidate, budgets, Money.ZERO, OptionalLong.empty())) {
            case Quote.Impossible impossible ->
                    new Looked(
                            candidate,
                            budgets,
                            null,
                            OptionalLong.empty(),
                            List.of(),
                            impossible.refusal(),
                            null);
            case Quote.TooDear dear ->
                    excluded(
                            candidate, budgets, Exclusion.Reason.ABOVE_COST_CEILING, dear.detail());
            case Quote.Held held -> carried(candidate, budgets, held);
        };
    }

    private Looked carried(Candidate candidate, List<BudgetEntry> budgets, Quote.Held held) {
        return switch (outbound(candidate, held)) {
            case Bridge.Outbound.Refused refused ->
                    excluded(
                            candidate,
                            budgets,
                            Exclusion.Reason.CAPABILITY_MISSING,
                            refused.message());
            case Bridge.Outbound.Answered answered -> served(candidate, budgets, held, List.of());
            case Bridge.Outbound.Ready ready -> served(candidate, budgets, held, ready.dropped());
        };
    }

    private Looked served(
            Candidate candidate, List<BudgetEntry> budgets, Quote.Held held, List<String> dropped) {
        return new Looked(
                candidate,
                budgets,
                held.bound(),
                held.writtenLimit(),
                dropped,
                refusal(budgets),
                null);
    }

    private static Looked excluded(
            Candidate candidate,
            List<BudgetEntry> budgets,
            Exclusion.Reason reason,
            String detail) {
        return new Looked(
                candidate,
                budgets,
                null,
                OptionalLong.empty(),
                List.of(),
                null,
                new Exclusion(
                        candidate.target().name(),
                        candidate.provider().key(),
                        candidate.model().name(),
                        reason,
                        detail));
    }

    private Bridge.Outbound outbound(Candidate candidate, Quote.Held held) {
        var bridge = Resolution.bridge(resolved.scan(), candidate);
        if (bridge == null) {
            throw new IllegalStateException(
                    "bridge: null (expected: targets without one left out)");
        }
        return bridge.request(
                resolved.scan(),
                resolved.body(),
                new Bridge.RequestTerms(
                        candidate.model().name(),
                        held.writtenLimit(),
                        Trial.optional(candidate.model().maxOutputTokens()),
                        Resolution.quirks(resolved.scan(), candidate)));
    }

    /** What stands in the way whatever the accounts say; null: nothing. */
    private @Nullable Refusal refusal(List<BudgetEntry> budgets) {
        if (Router.refusesUncounted(asked.index().snapshot(), budgets)) {
            return Refusal.unbudgeted(asked.caller().namespace());
        }
        for (var budget : budgets) {
            var blocked = budget.blocked();
            if (blocked != null) {
                return Refusal.closed("Budget " + budget.key() + " blocks: " + blocked);
            }
            if (budget.suspended()) {
                return Refusal.closed("Budget " + budget.key() + " is suspended");
            }
            if (budget.violated()) {
                return Refusal.closed(Holds.stopped(budget));
            }
        }
        return null;
    }

    Resolution.Resolved resolved() {
        return resolved;
    }

    /** Null: it does not serve first. */
    @Nullable Candidate candidate(String target) {
        var seen = looked.get(target);
        return seen == null ? null : seen.candidate();
    }

    /** The most that one call of it may cost; nothing is held where nothing is counted. */
    Money held(String target) {
        var held = of(target).held();
        return held == null ? Money.ZERO : held;
    }

    /** What it may cost beside another call. */
    Quote beside(Candidate candidate, Opening.Beside first) {
        var budgets = of(candidate.target().name()).budgets();
        return Quote.beside(resolved, candidate, budgets, Money.ZERO, OptionalLong.empty(), first);
    }

    @Nullable Refusal refusal(String target) {
        return of(target).refusal();
    }

    List<Explanation.Budget> budgets(String target) {
        return of(target).budgets().stream().map(ExplainedTargets::told).toList();
    }

    private Looked of(String target) {
        return Objects.requireNonNull(looked.get(target), target);
    }

    private static Explanation.Budget told(BudgetEntry budget) {
        var micros = budget.limitMicros();
        var ceiling = budget.maxCostNanosPerRequest();
        var period = budget.period();
        return new Explanation.Budget(
                budget.key(),
                micros == null ? null : Money.ofMicros(micros).toDollars(),
                period == null ? null : period.type().name().toLowerCase(Locale.ROOT),
                budget.mode().name().toLowerCase(Locale.ROOT),
                ceiling == null ? null : new Money(ceiling).toString(),
                limits(budget.limits()),
                budget.steps().stream().map(ExplainedTargets::told).toList(),
                "unknown");
    }

    private static String told(BudgetEntry.Step step) {
        var what =
                switch (step.action()) {
                    case ALERT -> "tells";
                    case DOWNGRADE -> "serves " + step.downgradeTo();
                    case CAP_OUTPUT -> "allows " + step.maxOutputTokens() + " output tokens";
                    case BLOCK -> "refuses";
                };
        return step.name() + " " + what + " from " + step.percent() + " % on";
    }

    private static Explanation.@Nullable Limits limits(@Nullable LimitsEntry limits) {
        return limits == null
                ? null
                : new Explanation.Limits(
                        limits.requestsPerMinute(),
                        limits.tokensPerMinute(),
                        limits.maxConcurrent());
    }

    // ---- in words

    /**
     * Those that may serve first, as the rule orders them.
     *
     * @param shares percent by target
     */
    List<Explanation.Target> told(Map<String, Integer> shares) {
        var all = new ArrayList<Explanation.Target>();
        looked.values().stream()
                .filter(seen -> seen.excluded() == null)
                .map(seen -> told(seen, shares.getOrDefault(name(seen), 0)))
                .forEach(all::add);
        looked.values().stream()
                .filter(seen -> seen.excluded() != null)
                .map(seen -> told(seen, null))
                .forEach(all::add);
        left(routing).stream()
                .filter(exclusion -> !looked.containsKey(exclusion.target()))
                .map(ExplainedTargets::excluded)
                .forEach(all::add);
        return all;
    }

    private static List<Exclusion> left(Routing routing) {
        return switch (routing) {
            case RoutePlan plan -> plan.exclusions();
            case NoRoute none -> none.exclusions();
        };
    }

    private static String name(Looked seen) {
        return seen.candidate().target().name();
    }

    private Explanation.Target told(Looked seen, @Nullable Integer share) {
        var candidate = seen.candidate();
        var held = seen.held();
        var excluded = seen.excluded();
        return new Explanation.Target(
                name(seen),
                candidate.provider().key(),
                candidate.model().name(),
                candidate.provider().region(),
                candidate.priority(),
                candidate.weight(),
                candidate.quality(),
                expected(candidate),
                held == null ? null : held.toString(),
                seen.writtenLimit().isPresent() ? seen.writtenLimit().getAsLong() : null,
                share,
                seen.dropped(),
                excluded == null ? null : text(excluded));
    }

    /** Null: the price is unknown, or it is none of tokens. */
    private @Nullable String expected(Candidate candidate) {
        if (candidate.model().price() == null || resolved.endpoint() != null) {
            return null;
        }
        var plan = resolved.plan();
        long output = ExpectedCost.outputTokens(plan, Telemetry.NONE);
        return new Money(ExpectedCost.nanos(candidate, plan.traits().inputTokens(), output))
                .toString();
    }

    static Explanation.Target excluded(Exclusion exclusion) {
        return new Explanation.Target(
                exclusion.target(),
                exclusion.provider(),
                exclusion.model(),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                List.of(),
                text(exclusion));
    }

    private static String text(Exclusion exclusion) {
        var reason = exclusion.reason().name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return reason + ": " + exclusion.detail();
    }
}
