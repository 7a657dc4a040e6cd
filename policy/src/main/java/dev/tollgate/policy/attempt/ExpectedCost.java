package dev.tollgate.policy.attempt;

import dev.tollgate.policy.price.Cost;
import dev.tollgate.policy.price.TokenCounts;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;

/**
 * What a request would probably cost at a target, to compare targets; never what is held or charged
 * (api.md, 3.2). Output is the smaller of what the client asks for and what the rule's answers had
 * on average.
 */
public final class ExpectedCost {

    /** Of answers of a rule that has given none yet, where the client sets no limit. */
    static final long ASSUMED_OUTPUT_TOKENS = 500;

    private ExpectedCost() {}

    public static long outputTokens(RoutePlan plan, Telemetry telemetry) {
        long mean = telemetry.meanOutputTokens(plan.route());
        long limit = plan.traits().outputLimit();
        long usual = mean < 0 ? ASSUMED_OUTPUT_TOKENS : mean;
        return limit < 0 ? usual : Math.min(limit, usual);
    }

    /** Nano-dollars; a target without a price comes last. */
    public static long nanos(Candidate candidate, long inputTokens, long outputTokens) {
        var price = candidate.model().price();
        return price == null
                ? Long.MAX_VALUE
                : Cost.of(price, TokenCounts.of(inputTokens, outputTokens)).nanos();
    }
}
