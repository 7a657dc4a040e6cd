package dev.tollgate.policy.attempt;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.List;

/**
 * Whether a request whose first token is late asks a second target, and which (api.md, R23). A
 * hedge is an attempt like any other: it counts in {@code maxAttempts}, and its target is the one
 * that a retry would take next. Asked at most once a request, while no byte of an answer has gone
 * to the client.
 */
public final class HedgeRule {

    private HedgeRule() {}

    /**
     * @param attempts those that are over
     * @param running the target that is late
     * @param circumstances with no regard to the budget of retries: {@code maxPercent} is the limit
     */
    public static Hedging decide(
            RoutePlan plan,
            List<Attempt> attempts,
            Candidate running,
            AttemptRule.Circumstances circumstances) {
        if (isOnTrial(plan, running)) {
            return new Hedging.Alone(Hedging.Reason.CANARY);
        }
        if (attempts.size() + 2 > plan.retry().maxAttempts()) {
            return new Hedging.Alone(Hedging.Reason.ATTEMPTS_SPENT);
        }
        if (!circumstances.now().isBefore(circumstances.deadline())) {
            return new Hedging.Alone(Hedging.Reason.DEADLINE);
        }
        var next =
                Selection.next(
                        plan,
                        other ->
                                !isSame(other, running)
                                        && !isOnTrial(plan, other)
                                        && CascadeRule.isUntried(other, attempts),
                        circumstances.telemetry(),
                        circumstances.now(),
                        circumstances.random());
        return switch (next) {
            case Selection.Chosen chosen -> new Hedging.Ask(chosen.candidate());
            case Selection.None none -> new Hedging.Alone(Hedging.Reason.NO_TARGET);
        };
    }

    /** Whether the second call may cost so much. */
    public static boolean isAffordable(RuleEntry.Hedge hedge, Money firstBound, Money secondBound) {
        var most = hedge.maxCostNanos();
        return !secondBound.isMoreThan(most == null ? firstBound : new Money(most));
    }

    /** A canary that is not promoted: hedges would spoil what it is judged by. */
    private static boolean isOnTrial(RoutePlan plan, Candidate candidate) {
        var canary = plan.canary();
        return canary != null
                && canary.percent() < 100
                && canary.target().equals(candidate.target().name());
    }

    private static boolean isSame(Candidate one, Candidate other) {
        return one.target().name().equals(other.target().name());
    }
}
