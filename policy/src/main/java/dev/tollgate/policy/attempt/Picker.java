package dev.tollgate.policy.attempt;

import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.random.RandomGenerator;

/**
 * Picks one of several targets of the same priority as the rule's selection says; api.md, 3.2. Ties
 * go to the lower name. Figures that are unknown count as the best there are, so that a target
 * without any is tried and gets some.
 */
final class Picker {

    private static final int PERCENT = 100;
    private static final int PERMILLE = 1_000;

    /** A failing target keeps this part of its weight, so that its recovery shows. */
    private static final int LEAST_WEIGHT_PERMILLE = 100;

    private static final Comparator<Candidate> BY_NAME =
            Comparator.comparing(candidate -> candidate.target().name());

    private final RoutePlan plan;
    private final Telemetry telemetry;
    private final RandomGenerator random;

    Picker(RoutePlan plan, Telemetry telemetry, RandomGenerator random) {
        this.plan = plan;
        this.telemetry = telemetry;
        this.random = random;
    }

    /**
     * @param peers of one priority, as the rule lists them; not empty
     */
    Selection.Chosen pick(List<Candidate> peers) {
        var candidates = goodEnough(peers);
        if (candidates.size() == 1) {
            return chosen(candidates.getFirst(), Selection.Reason.ONLY_ONE);
        }
        var selection = plan.selection();
        return switch (selection.type()) {
            case WEIGHTED -> weighted(candidates, selection.errorAware());
            case ROUND_ROBIN ->
                    chosen(candidates.get(turn(candidates.size())), Selection.Reason.TURN);
            case LEAST_COST, CASCADE -> cheapest(candidates);
            case LOWEST_LATENCY -> fastest(candidates, selection.explorePercent());
            case SCORE -> lowestScore(candidates);
        };
    }

    private static Selection.Chosen chosen(Candidate candidate, Selection.Reason reason) {
        return new Selection.Chosen(candidate, reason, List.of());
    }

    /** Those at or above the floor; if there are none, the best. */
    private List<Candidate> goodEnough(List<Candidate> peers) {
        int floor = plan.traits().floor();
        if (floor == 0) {
            return peers;
        }
        var enough = new ArrayList<Candidate>(peers.size());
        for (var candidate : peers) {
            if (candidate.quality() >= floor) {
                enough.add(candidate);
            }
        }
        if (!enough.isEmpty()) {
            return enough;
        }
        int best = peers.stream().mapToInt(Candidate::quality).max().orElse(0);
        return peers.stream().filter(candidate -> candidate.quality() == best).toList();
    }

    private int turn(int size) {
        return (int) (telemetry.nextTurn(plan.route()) % size);
    }

    // ---- by weight

    private Selection.Chosen weighted(List<Candidate> candidates, boolean errorAware) {
        var weights = new long[candidates.size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = weight(candidates.get(i), errorAware);
        }
        var key = plan.traits().stickyKey();
        return key == null
                ? chosen(candidates.get(drawn(weights)), Selection.Reason.WEIGHT)
                : chosen(
                        candidates.get(Rendezvous.pick(plan.route(), key, candidates, weights)),
                        Selection.Reason.STICKY);
    }

    private long weight(Candidate candidate, boolean errorAware) {
        if (!errorAware) {
            return candidate.weight();
        }
        int kept = PERMILLE - state(candidate).errorPermille();
        return (long) candidate.weight() * Math.max(kept, LEAST_WEIGHT_PERMILLE);
    }

    private int drawn(long[] weights) {
        long sum = 0;
        for (long weight : weights) {
            sum += weight;
        }
        long left = random.nextLong(sum);
        for (int i = 0; i < weights.length; i++) {
            left -= weights[i];
            if (left < 0) {
                return i;
            }
        }
        throw new IllegalStateException("weights: " + sum + " (expected: their sum)");
    }

    // ---- by a figure

    private Selection.Chosen cheapest(List<Candidate> candidates) {
        return chosen(least(candidates, costs()), Selection.Reason.CHEAPEST);
    }

    private ToLongFunction<Candidate> costs() {
        long input = plan.traits().inputTokens();
        long output = ExpectedCost.outputTokens(plan, telemetry);
        return candidate -> ExpectedCost.nanos(candidate, input, output);
    }

    private Selection.Chosen fastest(List<Candidate> candidates, int explorePercent) {
        var fastest = least(candidates, this::latencyMicros);
        if (random.nextInt(PERCENT) >= explorePercent) {
            return chosen(fastest, Selection.Reason.FASTEST);
        }
        var others = new ArrayList<>(candidates);
        others.remove(fastest);
        return chosen(others.get(random.nextInt(others.size())), Selection.Reason.EXPLORED);
    }

    /** A stream is judged by its first token, unless the rule says otherwise. */
    private long latencyMicros(Candidate candidate) {
        var state = state(candidate);
        return plan.traits().stream() && !plan.selection().wholeAnswer()
                ? state.firstTokenMicros()
                : state.answerMicros();
    }

    private static Candidate least(List<Candidate> candidates, ToLongFunction<Candidate> figure) {
        var least = candidates.getFirst();
        long lowest = figure.applyAsLong(least);
        for (var candidate : candidates.subList(1, candidates.size())) {
            long value = figure.applyAsLong(candidate);
            if (value < lowest || value == lowest && BY_NAME.compare(candidate, least) < 0) {
                least = candidate;
                lowest = value;
            }
        }
        return least;
    }

    // ---- by score

    private Selection.Chosen lowestScore(List<Candidate> candidates) {
        var weights = plan.selection().score();
        if (weights == null) {
            throw new IllegalStateException("score: null (expected: weights)");
        }
        var sums = new double[candidates.size()];
        add(sums, weights.cost(), candidates, costs());
        add(sums, weights.latency(), candidates, this::latencyMicros);
        add(sums, weights.errorRate(), candidates, c -> state(c).errorPermille());
        add(sums, weights.quality(), candidates, c -> -c.quality());
        int least = 0;
        for (int i = 1; i < sums.length; i++) {
            if (sums[i] < sums[least]
                    || sums[i] == sums[least]
                            && BY_NAME.compare(candidates.get(i), candidates.get(least)) < 0) {
                least = i;
            }
        }
        return chosen(candidates.get(least), Selection.Reason.SCORE);
    }

    /** Adds a figure, scaled over the candidates to 0..1, times its weight. */
    private static void add(
            double[] sums,
            int weight,
            List<Candidate> candidates,
            ToLongFunction<Candidate> figure) {
        var values = new long[sums.length];
        long low = Long.MAX_VALUE;
        long high = Long.MIN_VALUE;
        for (int i = 0; i < values.length; i++) {
            values[i] = figure.applyAsLong(candidates.get(i));
            low = Math.min(low, values[i]);
            high = Math.max(high, values[i]);
        }
        double range = (double) high - low;
        for (int i = 0; i < values.length; i++) {
            sums[i] += range == 0 ? 0 : weight * ((values[i] - low) / range);
        }
    }

    private TargetState state(Candidate candidate) {
        return telemetry.of(candidate.provider().key(), candidate.model().name());
    }
}
