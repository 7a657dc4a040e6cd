package dev.tollgate.dataplane.exchange;

import dev.tollgate.policy.attempt.Selection;
import dev.tollgate.policy.attempt.TargetState;
import dev.tollgate.policy.attempt.Telemetry;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.SelectionEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which targets a plan would pick: asked of the planner itself, a hundred thousand times with a
 * fixed seed, so that what is told cannot differ from what is done.
 *
 * @param noRoute null: there is a pick
 * @param shares percent of first attempts by target, rounded
 * @param order the likeliest first target, then the likeliest next one as long as there is any
 * @param because why the first one
 */
record ExplainedPicks(
        @Nullable NoRoute noRoute,
        Map<String, Integer> shares,
        List<String> order,
        String because) {

    private static final int DRAWS = 100_000;
    private static final int PERCENT = 100;
    private static final long SEED = 42;

    ExplainedPicks {
        shares = Map.copyOf(shares);
        order = List.copyOf(order);
    }

    static ExplainedPicks of(RoutePlan plan, Instant now) {
        var telemetry = new Unmeasured();
        var random = new Random(SEED);
        var first = new Counted(() -> Selection.first(plan, telemetry, now, random));
        var none = first.none;
        if (none != null) {
            return new ExplainedPicks(none, Map.of(), List.of(), "");
        }
        var shares = new HashMap<String, Integer>();
        first.counts.forEach(
                (name, count) -> shares.put(name, Math.round((float) count * PERCENT / DRAWS)));
        var order = new ArrayList<String>();
        var tried = new HashSet<String>();
        var next = first;
        while (next.none == null && order.size() < plan.retry().maxAttempts()) {
            order.add(next.likeliest());
            tried.add(next.likeliest());
            next =
                    new Counted(
                            () ->
                                    Selection.next(
                                            plan,
                                            c -> !tried.contains(c.target().name()),
                                            telemetry,
                                            now,
                                            random));
        }
        return new ExplainedPicks(
                null, shares, order, because(plan, first.reasons.get(order.getFirst())));
    }

    /** Nothing is known, and every request has the next turn. */
    private static final class Unmeasured implements Telemetry {
        private long turn;

        @Override
        public TargetState of(String provider, String model) {
            return TargetState.FINE;
        }

        @Override
        public long nextTurn(String route) {
            return turn++;
        }
    }

    /** How often each target came first. */
    private static final class Counted {
        final Map<String, Integer> counts = new HashMap<>();
        final Map<String, Selection.Reason> reasons = new HashMap<>();
        @Nullable NoRoute none;

        Counted(Supplier<Selection> draw) {
            for (int i = 0; i < DRAWS && none == null; i++) {
                switch (draw.get()) {
                    case Selection.None no -> none = no.noRoute();
                    case Selection.Chosen chosen -> {
                        var name = chosen.candidate().target().name();
                        counts.merge(name, 1, Integer::sum);
                        reasons.put(name, chosen.reason());
                    }
                }
            }
        }

        String likeliest() {
            return counts.entrySet().stream()
                    .max(
                            Map.Entry.<String, Integer>comparingByValue()
                                    .thenComparing(
                                            Map.Entry.comparingByKey(Comparator.reverseOrder())))
                    .orElseThrow()
                    .getKey();
        }
    }

    private static String because(RoutePlan plan, Selection.@Nullable Reason reason) {
        if (reason == null) {
            throw new IllegalStateException("reason: null (expected: of a target that was picked)");
        }
        return switch (reason) {
            case ONLY_ONE -> onlyOne(plan);
            case WEIGHT ->
                    plan.selection().errorAware()
                            ? "drawn by weight, which shrinks with a target's error rate"
                            : "drawn by weight";
            case TURN -> "each target in turn";
            case CHEAPEST -> "the lowest expected cost" + floor(plan);
            case FASTEST, EXPLORED ->
                    "the lowest latency; what was not measured counts as the fastest, and ties go"
                            + " to the lower name";
            case SCORE -> score(plan.selection().score());
            case STICKY -> "the key of this request belongs to it";
            case CANARY -> "the canary's share";
        };
    }

    private static String onlyOne(RoutePlan plan) {
        long peers =
                plan.candidates().stream()
                        .map(Candidate::priority)
                        .filter(p -> p == plan.candidates().getFirst().priority())
                        .count();
        if (peers == 1) {
            return "the only target of its priority that can serve this request";
        }
        return plan.canary() == null
                ? "the only target left" + floor(plan)
                : "the only target beside the canary" + floor(plan);
    }

    private static String floor(RoutePlan plan) {
        int floor = plan.traits().floor();
        return floor == 0 ? "" : " at or above quality " + floor + ", or the best if none is";
    }

    private static String score(SelectionEntry.@Nullable Score weights) {
        return weights == null
                ? "the lowest score"
                : "the lowest score of cost "
                        + weights.cost()
                        + ", latency "
                        + weights.latency()
                        + ", error rate "
                        + weights.errorRate()
                        + " and quality "
                        + weights.quality()
                        + "; what was not measured counts as the best";
    }
}
