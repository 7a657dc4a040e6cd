package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.Operation;
import dev.tollgate.policy.attempt.AttemptRule;
import dev.tollgate.policy.attempt.HedgeRule;
import dev.tollgate.policy.attempt.Hedging;
import dev.tollgate.policy.attempt.Telemetry;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What a late first token would lead to, asked of {@link HedgeRule} and {@link Quote}. */
final class ExplainedHedge {

    private static final long SEED = 42;

    private ExplainedHedge() {}

    /** Null: the rule hedges nothing. */
    static Explanation.@Nullable Hedge of(
            ExplainedTargets targets, RoutePlan plan, String first, Instant now) {
        var hedge = plan.hedge();
        var running = targets.candidate(first);
        if (hedge == null || running == null) {
            return null;
        }
        var maxCost = hedge.maxCostNanos();
        var cost = maxCost == null ? null : new Money(maxCost).toString();
        if (targets.resolved().scan().operation() != Operation.GENERATE) {
            var because = "the answer is not made of tokens";
            return new Explanation.Hedge(
                    hedge.afterMillis(), hedge.maxPercent(), cost, null, null, because);
        }
        var circumstances =
                new AttemptRule.Circumstances(
                        Telemetry.NONE,
                        now,
                        now.plusMillis(plan.requestMillis(running)),
                        true,
                        new Random(SEED));
        return switch (HedgeRule.decide(plan, List.of(), running, circumstances)) {
            case Hedging.Alone(var reason) ->
                    new Explanation.Hedge(
                            hedge.afterMillis(),
                            hedge.maxPercent(),
                            cost,
                            null,
                            null,
                            because(reason));
            case Hedging.Ask(var second) -> {
                var quote = targets.beside(second, new Opening.Beside(targets.held(first), hedge));
                yield new Explanation.Hedge(
                        hedge.afterMillis(),
                        hedge.maxPercent(),
                        cost,
                        quote instanceof Quote.Held ? second.target().name() : null,
                        quote instanceof Quote.Held held ? held.bound().toString() : null,
                        because(second, quote));
            }
        };
    }

    private static String because(Candidate second, Quote quote) {
        return switch (quote) {
            case Quote.Held held -> "the next one after the first";
            case Quote.TooDear dear -> second.target().name() + " " + dear.detail();
            case Quote.Impossible impossible ->
                    second.target().name() + ": " + impossible.refusal().message();
        };
    }

    private static String because(Hedging.Reason reason) {
        return switch (reason) {
            case CANARY -> "the request is of the canary's share";
            case ATTEMPTS_SPENT -> "maxAttempts has no room for a second call";
            case DEADLINE -> "the request's time would be over";
            case NO_TARGET -> "no other target can serve this request";
            case SHARE_SPENT -> "the rule's share is spent";
            case TOO_DEAR -> "it may cost too much";
            case NO_BUDGET -> "a budget has no room for both";
        };
    }
}
