package dev.tollgate.policy.canary;

import dev.tollgate.policy.canary.CanaryState.Phase;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Decides on one canary (api.md, R20 and R21). The canary is judged from {@code minRequests} on;
 * the others are what it is compared with once as many of theirs were served.
 *
 * <ul>
 *   <li>Errors: a rate above the limit is broken, unless the others fail as often: then nobody is
 *       to blame, and the step does not pass either.
 *   <li>Latency: the 95th percentile, compared with the others'.
 *   <li>Cost: the mean of an answer, compared with the others'; no increase can be told where they
 *       cost nothing.
 * </ul>
 */
public final class CanaryJudge {

    private static final BigInteger HUNDRED = BigInteger.valueOf(100);

    private final CanaryPlan plan;
    private final CanaryFigures canary;
    private final CanaryFigures others;

    private CanaryJudge(CanaryPlan plan, CanaryFigures canary, CanaryFigures others) {
        this.plan = plan;
        this.canary = canary;
        this.others = others;
    }

    /**
     * The next state, which is {@code state} itself if nothing has happened.
     *
     * @param state null, or of another plan: the canary begins
     * @param canary what was seen of it in this step
     * @param others what was seen of the rule's other targets in this step
     */
    public static CanaryState next(
            CanaryPlan plan,
            @Nullable CanaryState state,
            CanaryFigures canary,
            CanaryFigures others,
            Instant now) {
        if (state == null || !plan.fits(state)) {
            return begin(plan, 1, now);
        }
        return state.phase().judged() && canary.requests() >= plan.limits().minRequests()
                ? new CanaryJudge(plan, canary, others).judged(state, now)
                : state;
    }

    private CanaryState judged(CanaryState state, Instant now) {
        var broken = broken();
        if (!broken.isEmpty()) {
            return stopped(state, String.join(", ", broken), now);
        }
        var hold = plan.steps().get(state.step() - 1).holdMillis();
        boolean over =
                hold != null
                        && Duration.between(state.since(), now).compareTo(Duration.ofMillis(hold))
                                >= 0;
        if (!over || errorsAboveLimit()) {
            return state;
        }
        return state.step() < plan.steps().size()
                ? begin(plan, state.step() + 1, now)
                : new CanaryState(
                        plan.target(),
                        state.step(),
                        Phase.PROMOTED,
                        now,
                        plan.fingerprint(),
                        "100 % until spec changes: every step has passed");
    }

    private static CanaryState begin(CanaryPlan plan, int number, Instant now) {
        var step = plan.steps().get(number - 1);
        var hold = step.holdMillis();
        return new CanaryState(
                plan.target(),
                number,
                hold == null ? Phase.WAITING : Phase.PROGRESSING,
                now,
                plan.fingerprint(),
                "step %d of %d, %d %%: %s; judged from %d requests on"
                        .formatted(
                                number,
                                plan.steps().size(),
                                step.percent(),
                                hold == null
                                        ? "no hold, waits for an edit"
                                        : "holds " + text(Duration.ofMillis(hold)),
                                plan.limits().minRequests()));
    }

    private CanaryState stopped(CanaryState state, String broken, Instant now) {
        int percent = plan.steps().get(state.step() - 1).percent();
        return new CanaryState(
                state.target(),
                state.step(),
                plan.pauses() ? Phase.PAUSED : Phase.ROLLED_BACK,
                now,
                state.fingerprint(),
                "%s, at step %d of %d: %s; seen in %d requests"
                        .formatted(
                                plan.pauses()
                                        ? "frozen at " + percent + " %"
                                        : "0 %, from " + percent + " %",
                                state.step(),
                                plan.steps().size(),
                                broken,
                                canary.requests()));
    }

    // ---- limits

    private List<String> broken() {
        var broken = new ArrayList<String>();
        if (errorsAboveLimit() && !othersFailAsOften()) {
            broken.add(
                    "%s %% errors (expected: at most %d %%)"
                            .formatted(
                                    decimal(canary.errors() * 100.0 / canary.requests()),
                                    plan.limits().maxErrorRatePercent()));
        }
        if (comparable() && others.answers() > 0 && canary.answers() > 0) {
            addLatency(broken);
            addCost(broken);
        }
        return broken;
    }

    private boolean comparable() {
        return others.requests() >= plan.limits().minRequests();
    }

    private boolean errorsAboveLimit() {
        return canary.errors() * 100 > canary.requests() * plan.limits().maxErrorRatePercent();
    }

    private boolean othersFailAsOften() {
        return comparable()
                && product(others.errors(), canary.requests())
                                .compareTo(product(canary.errors(), others.requests()))
                        >= 0;
    }

    private void addLatency(List<String> broken) {
        long own = Latency.p95Micros(canary.latencies());
        long theirs = Latency.p95Micros(others.latencies());
        int most = plan.limits().maxLatencyIncreasePercent();
        if (own >= 0 && theirs >= 0 && own * 100 > theirs * (100L + most)) {
            broken.add(
                    "p95 latency of %s ms (expected: at most %d %% above %s ms)"
                            .formatted(decimal(own / 1e3), most, decimal(theirs / 1e3)));
        }
    }

    private void addCost(List<String> broken) {
        var own = product(canary.costNanos(), others.answers());
        var theirs = product(others.costNanos(), canary.answers());
        int most = plan.limits().maxCostIncreasePercent();
        if (theirs.signum() > 0
                && own.multiply(HUNDRED).compareTo(theirs.multiply(BigInteger.valueOf(100L + most)))
                        > 0) {
            broken.add(
                    "mean cost of %s nano-dollars (expected: at most %d %% above %s)"
                            .formatted(
                                    canary.costNanos() / canary.answers(),
                                    most,
                                    others.costNanos() / others.answers()));
        }
    }

    private static BigInteger product(long a, long b) {
        return BigInteger.valueOf(a).multiply(BigInteger.valueOf(b));
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    /** As resources write durations: 1h30m. */
    private static String text(Duration duration) {
        var text = new StringBuilder();
        add(text, duration.toHours(), "h");
        add(text, duration.toMinutesPart(), "m");
        add(text, duration.toSecondsPart(), "s");
        add(text, duration.toMillisPart(), "ms");
        return text.isEmpty() ? "0s" : text.toString();
    }

    private static void add(StringBuilder text, long count, String unit) {
        if (count > 0) {
            text.append(count).append(unit);
        }
    }
}
