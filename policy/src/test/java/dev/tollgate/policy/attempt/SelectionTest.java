package dev.tollgate.policy.attempt;

import static dev.tollgate.policy.snapshot.Snapshots.provider;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tollgate.policy.attempt.Selection.Reason;
import dev.tollgate.policy.price.PriceParts;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Traits;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import dev.tollgate.policy.snapshot.SelectionEntry.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SelectionTest {

    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");
    private static final int REQUESTS = 1_000_000;
    private static final Candidate CHEAP = candidate("cheap", 0, 1, "0.10", 30);
    private static final Candidate FAIR = candidate("fair", 0, 1, "1.00", 60);
    private static final Candidate DEAR = candidate("dear", 0, 1, "5.00", 90);

    /** What the shell would have measured, by provider. */
    private static final class Measured implements Telemetry {
        final Map<String, TargetState> states = new HashMap<>();
        long meanOutput = -1;
        long turn;

        @Override
        public TargetState of(String provider, String model) {
            return states.getOrDefault(provider, TargetState.FINE);
        }

        @Override
        public long meanOutputTokens(String route) {
            return meanOutput;
        }

        @Override
        public long nextTurn(String route) {
            return turn++;
        }

        Measured with(Candidate candidate, long latencyMicros, int errorPermille) {
            states.put(
                    candidate.provider().key(),
                    new TargetState(
                            false, false, null, latencyMicros, 10 * latencyMicros, errorPermille));
            return this;
        }

        Measured down(Candidate candidate) {
            states.put(
                    candidate.provider().key(), new TargetState(true, false, null, -1, -1, 1_000));
            return this;
        }
    }

    private static Candidate candidate(
            String name, int priority, int weight, String dollars, int quality) {
        var parts = new PriceParts();
        parts.set("in", dollars);
        parts.set("out", dollars);
        var model =
                new ModelEntry(
                        "m",
                        List.of(),
                        parts.toPrice(List.of(), "test"),
                        null,
                        null,
                        List.of("Chat"),
                        quality,
                        0);
        var provider = provider("ns/" + name, null, NamespaceSet.everyone(), model);
        var target =
                new RuleEntry.TargetEntry(name, provider.key(), "m", null, priority, weight, null);
        return new Candidate(target, provider, model);
    }

    private static SelectionEntry by(Type type) {
        var score = type == Type.SCORE ? new SelectionEntry.Score(40, 30, 20, 10) : null;
        return new SelectionEntry(type, false, null, false, 0, score, null);
    }

    private static Traits traits(int floor, @Nullable String key) {
        return new Traits(1_000, 200, true, floor, key, null);
    }

    private static RoutePlan plan(
            SelectionEntry selection,
            Traits traits,
            RuleEntry.@Nullable Canary canary,
            Candidate... candidates) {
        return new RoutePlan(
                "ns/p",
                "ns/p/r",
                "r",
                true,
                List.of(candidates),
                List.of(),
                selection,
                traits,
                canary,
                List.of(),
                null,
                null,
                new RuleEntry.Retry(
                        EnumSet.allOf(RuleEntry.Cause.class), 3, null, 100, 5_000, 10_000),
                null,
                null,
                null);
    }

    private static RoutePlan plan(SelectionEntry selection, Candidate... candidates) {
        return plan(selection, traits(0, null), null, candidates);
    }

    private static Selection.Chosen chosen(
            RoutePlan plan, Telemetry telemetry, RandomGenerator random) {
        return (Selection.Chosen) Selection.first(plan, telemetry, NOW, random);
    }

    private static String target(RoutePlan plan, Telemetry telemetry) {
        return chosen(plan, telemetry, new Random(1)).candidate().target().name();
    }

    private static Map<String, Integer> shares(RoutePlan plan, Telemetry telemetry) {
        var counts = new TreeMap<String, Integer>();
        var random = new Random(42);
        for (int i = 0; i < REQUESTS; i++) {
            counts.merge(
                    chosen(plan, telemetry, random).candidate().target().name(), 1, Integer::sum);
        }
        return counts;
    }

    @Test
    void sharesAMillionRequestsByWeight() {
        var plan =
                plan(
                        SelectionEntry.WEIGHTED,
                        candidate("a", 0, 80, "1", 50),
                        candidate("b", 0, 20, "1", 50),
                        candidate("spare", 1, 100, "1", 50));
        var shares = shares(plan, Telemetry.NONE);
        assertThat(shares).containsOnlyKeys("a", "b");
        assertThat(shares.get("a")).isCloseTo(800_000, within(2_000));
    }

    @Test
    void takesFromAFailingTargetsWeightButNeverAll() {
        var errorAware = new SelectionEntry(Type.WEIGHTED, true, null, false, 0, null, null);
        var a = candidate("a", 0, 1, "1", 50);
        var b = candidate("b", 0, 1, "1", 50);
        var half = new Measured().with(b, 1_000, 500);
        assertThat(shares(plan(errorAware, a, b), half).get("b")).isCloseTo(333_333, within(2_000));
        var all = new Measured().with(b, 1_000, 1_000);
        assertThat(shares(plan(errorAware, a, b), all).get("b")).isCloseTo(90_909, within(2_000));
        assertThat(shares(plan(errorAware, a, b), new Measured().with(b, 1_000, 0)).get("b"))
                .isCloseTo(500_000, within(2_000));
        assertThat(shares(plan(SelectionEntry.WEIGHTED, a, b), all).get("b"))
                .isCloseTo(500_000, within(2_000));
    }

    @Test
    void rotatesStrictly() {
        var plan = plan(by(Type.ROUND_ROBIN), CHEAP, FAIR, DEAR);
        var measured = new Measured();
        measured.turn = 7;
        var names = new ArrayList<String>();
        for (int i = 0; i < 6; i++) {
            names.add(target(plan, measured));
        }
        assertThat(names).containsExactly("fair", "dear", "cheap", "fair", "dear", "cheap");
    }

    @Test
    void takesTheCheapestAtOrAboveTheFloor() {
        var leastCost = by(Type.LEAST_COST);
        assertThat(target(plan(leastCost, DEAR, FAIR, CHEAP), Telemetry.NONE)).isEqualTo("cheap");
        assertThat(
                        target(
                                plan(leastCost, traits(50, null), null, DEAR, FAIR, CHEAP),
                                Telemetry.NONE))
                .isEqualTo("fair");
        assertThat(
                        target(
                                plan(leastCost, traits(80, null), null, DEAR, FAIR, CHEAP),
                                Telemetry.NONE))
                .isEqualTo("dear");
        assertThat(
                        target(
                                plan(leastCost, traits(95, null), null, FAIR, DEAR, CHEAP),
                                Telemetry.NONE))
                .as("none is good enough: the best there is")
                .isEqualTo("dear");
    }

    @Test
    void prefersTheLowerNameWhenCostsAreEqual() {
        var plan =
                plan(
                        by(Type.LEAST_COST),
                        candidate("b", 0, 1, "1", 50),
                        candidate("a", 0, 1, "1", 50));
        assertThat(target(plan, Telemetry.NONE)).isEqualTo("a");
    }

    @Test
    void expectsTheRulesMeanOutputAndNeverMoreThanTheLimit() {
        var telemetry = new Measured();
        var unlimited = new Traits(1_000, -1, false, 0, null, null);
        var limited = new Traits(1_000, 30, false, 0, null, null);
        assertThat(
                        ExpectedCost.outputTokens(
                                plan(by(Type.LEAST_COST), unlimited, null, FAIR), telemetry))
                .isEqualTo(ExpectedCost.ASSUMED_OUTPUT_TOKENS);
        telemetry.meanOutput = 120;
        assertThat(
                        ExpectedCost.outputTokens(
                                plan(by(Type.LEAST_COST), unlimited, null, FAIR), telemetry))
                .isEqualTo(120);
        assertThat(
                        ExpectedCost.outputTokens(
                                plan(by(Type.LEAST_COST), limited, null, FAIR), telemetry))
                .isEqualTo(30);
        assertThat(ExpectedCost.nanos(FAIR, 1_000, 120)).isEqualTo(1_120_000);
    }

    @Test
    void takesTheFastestAndExploresTheOthers() {
        var explores = new SelectionEntry(Type.LOWEST_LATENCY, false, null, false, 2, null, null);
        var measured = new Measured().with(CHEAP, 300, 0).with(FAIR, 100, 0).with(DEAR, 200, 0);
        var shares = shares(plan(explores, CHEAP, FAIR, DEAR), measured);
        assertThat(shares.get("fair")).isCloseTo(980_000, within(1_000));
        assertThat(shares.get("cheap")).isCloseTo(10_000, within(500));
        measured.with(FAIR, 900, 0);
        assertThat(shares(plan(explores, CHEAP, FAIR, DEAR), measured).get("dear"))
                .isCloseTo(980_000, within(1_000));
    }

    @Test
    void triesATargetWithoutFiguresFirst() {
        var measured = new Measured().with(CHEAP, 300, 0).with(FAIR, 100, 0);
        assertThat(target(plan(by(Type.LOWEST_LATENCY), CHEAP, FAIR, DEAR), measured))
                .isEqualTo("dear");
    }

    @Test
    void judgesStreamsByTheFirstTokenAndOthersByTheWholeAnswer() {
        var quickStart = candidate("quick-start", 0, 1, "1", 50);
        var quickEnd = candidate("quick-end", 0, 1, "1", 50);
        var measured = new Measured();
        measured.states.put("ns/quick-start", new TargetState(false, false, null, 10, 9_000, 0));
        measured.states.put("ns/quick-end", new TargetState(false, false, null, 50, 500, 0));
        var fastest = by(Type.LOWEST_LATENCY);
        var plain = new Traits(1_000, 200, false, 0, null, null);
        assertThat(target(plan(fastest, quickStart, quickEnd), measured)).isEqualTo("quick-start");
        assertThat(target(plan(fastest, plain, null, quickStart, quickEnd), measured))
                .isEqualTo("quick-end");
        var whole = new SelectionEntry(Type.LOWEST_LATENCY, false, null, true, 0, null, null);
        assertThat(target(plan(whole, quickStart, quickEnd), measured)).isEqualTo("quick-end");
    }

    @Test
    void addsScaledFiguresToAScore() {
        var measured = new Measured().with(CHEAP, 900, 0).with(FAIR, 500, 0).with(DEAR, 100, 0);
        assertThat(target(plan(score(100, 0, 0, 0), CHEAP, FAIR, DEAR), measured))
                .isEqualTo("cheap");
        assertThat(target(plan(score(0, 100, 0, 0), CHEAP, FAIR, DEAR), measured))
                .isEqualTo("dear");
        assertThat(target(plan(score(0, 0, 0, 100), CHEAP, FAIR, DEAR), measured))
                .isEqualTo("dear");
        measured.with(CHEAP, 900, 400);
        assertThat(target(plan(score(50, 0, 51, 0), CHEAP, FAIR, DEAR), measured))
                .isEqualTo("fair");
    }

    private static SelectionEntry score(int cost, int latency, int errors, int quality) {
        return new SelectionEntry(
                Type.SCORE,
                false,
                null,
                false,
                0,
                new SelectionEntry.Score(cost, latency, errors, quality),
                null);
    }

    @Test
    void keepsASessionOnItsTargetAndMovesOnlyThoseOfALostOne() {
        var a = candidate("a", 0, 3, "1", 50);
        var b = candidate("b", 0, 1, "1", 50);
        var c = candidate("c", 0, 1, "1", 50);
        var down = new Measured().down(b);
        var counts = new TreeMap<String, Integer>();
        int sessions = 20_000;
        for (int i = 0; i < sessions; i++) {
            var plan = plan(SelectionEntry.WEIGHTED, traits(0, "session-" + i), null, a, b, c);
            var usual = chosen(plan, Telemetry.NONE, new Random(i));
            assertThat(usual.reason()).isEqualTo(Reason.STICKY);
            var name = usual.candidate().target().name();
            assertThat(target(plan, Telemetry.NONE)).isEqualTo(name);
            if (!name.equals("b")) {
                assertThat(target(plan, down)).isEqualTo(name);
            }
            counts.merge(name, 1, Integer::sum);
        }
        assertThat(counts.get("a")).isCloseTo(12_000, within(300));
        assertThat(counts.get("b")).isCloseTo(4_000, within(300));
    }

    @Test
    void givesTheCanaryItsShareFirst() {
        var stable = candidate("stable", 0, 1, "1", 50);
        var next = candidate("next", 0, 0, "1", 50);
        var canary = new RuleEntry.Canary("next", 5);
        var plan = plan(SelectionEntry.WEIGHTED, traits(0, null), canary, stable, next);
        assertThat(shares(plan, Telemetry.NONE).get("next")).isCloseTo(50_000, within(1_000));
        var promoted =
                plan(
                        SelectionEntry.WEIGHTED,
                        traits(0, null),
                        new RuleEntry.Canary("next", 100),
                        stable,
                        next);
        assertThat(shares(promoted, Telemetry.NONE)).containsOnlyKeys("next");
        assertThat(target(promoted, new Measured().down(next))).isEqualTo("stable");
    }

    @Test
    void letsACanaryWithoutWeightServeByItsShareAlone() {
        var stable = candidate("stable", 0, 1, "1", 50);
        var next = candidate("next", 0, 0, "1", 50);
        var canary = new RuleEntry.Canary("next", 0);
        var plan = plan(SelectionEntry.WEIGHTED, traits(0, null), canary, stable, next);
        assertThat(shares(plan, Telemetry.NONE)).containsOnlyKeys("stable");
        assertThat(Selection.first(plan, new Measured().down(stable), NOW, new Random(1)))
                .isInstanceOf(Selection.None.class);
    }

    @Test
    void keepsToTargetsThatCanServeWhateverTheStrategy() {
        for (var type : Type.values()) {
            var plan = plan(by(type), CHEAP, FAIR, DEAR);
            for (var lost : plan.candidates()) {
                var down = new Measured().down(lost);
                IntStream.range(0, 50)
                        .forEach(
                                i ->
                                        assertThat(chosen(plan, down, new Random(i)).candidate())
                                                .isNotEqualTo(lost));
            }
        }
    }
}
