package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tollgate.dataplane.budget.TimeSource;
import dev.tollgate.policy.attempt.Attempt;
import dev.tollgate.policy.attempt.AttemptRule;
import dev.tollgate.policy.attempt.Decision;
import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.attempt.Selection;
import dev.tollgate.policy.price.PriceParts;
import dev.tollgate.policy.route.Ask;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.SnapshotIndex;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import dev.tollgate.policy.snapshot.SelectionEntry.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A million requests a strategy, one each millisecond, over three simulated targets: a, the
 * cheapest and fastest, is down from 300 s to 400 s. Planner, attempt rule and circuits are the
 * proxy's own, driven by a clock of the test's.
 */
class RoutingSimulationTest {

    private static final int REQUESTS = 1_000_000;
    private static final int DOWN_FROM = 300_000;
    private static final int DOWN_TO = 400_000;

    /** No sooner does an open circuit let a request through. */
    private static final int FIRST_PROBE = DOWN_FROM + 30_000;

    /** The circuit has seen a probe fail at 330 s and 390 s, and one succeed at 510 s. */
    private static final int RECOVERED = 600_000;

    private static final int SESSIONS = 1_000;
    private static final int FAILURES = 3;
    private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");
    private static final List<String> NAMES = List.of("a", "b", "c");
    private static final int[] WEIGHTS = {60, 30, 10};
    private static final String[] DOLLARS = {"0.10", "1.00", "5.00"};
    private static final long[] LATENCY_MILLIS = {200, 400, 800};

    /** The shares that are expected before and after the outage, and in it, in percent. */
    private enum Strategy {
        WEIGHTED(Type.WEIGHTED, false, false, new double[] {60, 30, 10}, new double[] {0, 75, 25}),
        ERROR_AWARE(
                Type.WEIGHTED, true, false, new double[] {60, 30, 10}, new double[] {0, 75, 25}),
        STICKY(Type.WEIGHTED, false, true, new double[] {60, 30, 10}, new double[] {0, 75, 25}),
        ROUND_ROBIN(
                Type.ROUND_ROBIN,
                false,
                false,
                new double[] {100 / 3.0, 100 / 3.0, 100 / 3.0},
                new double[] {0, 50, 50}),
        LEAST_COST(
                Type.LEAST_COST, false, false, new double[] {100, 0, 0}, new double[] {0, 100, 0}),
        LOWEST_LATENCY(
                Type.LOWEST_LATENCY,
                false,
                false,
                new double[] {98, 1, 1},
                new double[] {0, 98, 2}),
        SCORE(Type.SCORE, false, false, new double[] {100, 0, 0}, new double[] {0, 100, 0});

        final SelectionEntry selection;
        final boolean sticky;
        final double[] usual;
        final double[] inOutage;

        Strategy(Type type, boolean errorAware, boolean sticky, double[] usual, double[] inOutage) {
            this.selection =
                    new SelectionEntry(
                            type,
                            errorAware,
                            null,
                            true,
                            type == Type.LOWEST_LATENCY ? 2 : 0,
                            type == Type.SCORE ? new SelectionEntry.Score(40, 30, 20, 10) : null,
                            null);
            this.sticky = sticky;
            this.usual = usual;
            this.inOutage = inOutage;
        }
    }

    /** The simulation's own time. */
    private static final class Time implements TimeSource {
        long millis;

        @Override
        public long nanos() {
            return TimeUnit.MILLISECONDS.toNanos(millis);
        }

        @Override
        public Instant now() {
            return START.plusMillis(millis);
        }
    }

    private final Time time = new Time();
    private final TargetStates states = new TargetStates(() -> 1, time);
    private final Random random = new Random(42);

    /** First attempts by target: before the outage, in it once the circuit is open, after it. */
    private final int[][] shares = new int[3][NAMES.size()];

    private int failedRequests;
    private int failedAttempts;
    private int failedBeforeOpen;
    private int movedWithoutNeed;
    private final String[] homes = new String[SESSIONS];

    private static ProviderEntry provider(int index, ProviderEntry.Breaker breaker) {
        var parts = new PriceParts();
        parts.set("in", DOLLARS[index]);
        parts.set("out", DOLLARS[index]);
        var model =
                new ModelEntry(
                        "model-1",
                        List.of(),
                        parts.toPrice(List.of(), "test"),
                        null,
                        null,
                        List.of("Chat"),
                        50,
                        0);
        var known = Snapshots.provider(NAMES.get(index), "openai-chat", "http://127.0.0.1:1");
        return new ProviderEntry(
                known.key(),
                known.type(),
                known.dialect(),
                known.telemetryName(),
                known.url(),
                known.inCluster(),
                known.caCertificates(),
                known.apiVersion(),
                known.auth(),
                List.of(model),
                known.passThrough(),
                known.region(),
                known.usableBy(),
                known.timeouts(),
                breaker,
                known.billing(),
                known.quirks(),
                known.limits(),
                known.healthCheck());
    }

    private static SnapshotIndex index(Strategy strategy, ProviderEntry.Breaker breaker) {
        var targets = new ArrayList<RuleEntry.TargetEntry>();
        var providers = new ArrayList<ProviderEntry>();
        for (int i = 0; i < NAMES.size(); i++) {
            var provider = provider(i, breaker);
            providers.add(provider);
            targets.add(
                    new RuleEntry.TargetEntry(
                            NAMES.get(i), provider.key(), "model-1", null, 0, WEIGHTS[i], null));
        }
        var rule =
                new RuleEntry(
                        "default",
                        null,
                        strategy.selection,
                        targets,
                        strategy.sticky ? new RuleEntry.Sticky("x-session") : null,
                        null,
                        List.of(),
                        null,
                        Snapshots.retry(3, null),
                        null,
                        null);
        var policy =
                new PolicyEntry(
                        "team-a/chat",
                        List.of("fast"),
                        NamespaceSet.of(List.of("team-a")),
                        false,
                        true,
                        null,
                        null,
                        null,
                        34,
                        67,
                        List.of(rule));
        return SnapshotIndex.of(
                Snapshots.of(providers, List.of(policy), List.of(), List.of(), List.of()));
    }

    private static Ask ask(int session) {
        return new Ask(
                Caller.serviceAccount("team-a", "bot"),
                "fast",
                name -> name.equals("x-session") ? "session-" + session : null,
                Set.of("Chat"),
                1_000,
                200,
                false,
                START,
                () -> 0);
    }

    /**
     * @param errorPermille of calls to a that fail by chance
     */
    private void run(SnapshotIndex index, int errorPermille) {
        for (int i = 0; i < REQUESTS; i++) {
            time.millis = i;
            int session = i % SESSIONS;
            var plan = (RoutePlan) Router.route(index, ask(session));
            request(plan, session, errorPermille);
        }
    }

    private void request(RoutePlan plan, int session, int errorPermille) {
        var attempts = new ArrayList<Attempt>(2);
        var now = time.now();
        var next = first(plan, now);
        if (next != null) {
            count(next, session);
        }
        while (next != null) {
            assertThat(states.acquire(next, 0)).isTrue();
            var outcome = outcome(next, errorPermille);
            long latency = latencyNanos(next);
            states.done(next, outcome, latency, -1, 0, now);
            attempts.add(new Attempt(next, outcome));
            if (outcome instanceof Outcome.Success) {
                return;
            }
            failedAttempts++;
            next = again(plan, attempts, now);
        }
        failedRequests++;
    }

    private @Nullable Candidate first(RoutePlan plan, Instant now) {
        return switch (Selection.first(plan, states, now, random)) {
            case Selection.Chosen chosen -> chosen.candidate();
            case Selection.None none -> null;
        };
    }

    private @Nullable Candidate again(RoutePlan plan, List<Attempt> attempts, Instant now) {
        var circumstances =
                new AttemptRule.Circumstances(
                        states, now, now.plus(Duration.ofMinutes(1)), true, random);
        return switch (AttemptRule.decide(plan, attempts, circumstances)) {
            case Decision.Retry retry -> retry.candidate();
            case Decision.StepUp step -> step.candidate();
            case Decision.GiveUp giveUp -> null;
        };
    }

    private boolean isDown(Candidate candidate) {
        return candidate.target().name().equals("a")
                && time.millis >= DOWN_FROM
                && time.millis < DOWN_TO;
    }

    private Outcome outcome(Candidate candidate, int errorPermille) {
        boolean byChance =
                candidate.target().name().equals("a") && random.nextInt(1_000) < errorPermille;
        if (isDown(candidate) && time.millis < FIRST_PROBE) {
            failedBeforeOpen++;
        }
        return isDown(candidate) || byChance
                ? new Outcome.ServerError(503, null)
                : new Outcome.Success();
    }

    private long latencyNanos(Candidate candidate) {
        long millis = LATENCY_MILLIS[NAMES.indexOf(candidate.target().name())];
        return TimeUnit.MILLISECONDS.toNanos(millis + random.nextInt((int) millis / 4));
    }

    private void count(Candidate candidate, int session) {
        var name = candidate.target().name();
        int phase =
                time.millis < DOWN_FROM
                        ? 0
                        : time.millis >= DOWN_FROM + 10_000 && time.millis < DOWN_TO
                                ? 1
                                : time.millis >= RECOVERED ? 2 : -1;
        if (phase >= 0) {
            shares[phase][NAMES.indexOf(name)]++;
        }
        if (time.millis < SESSIONS) {
            homes[session] = name;
        } else if (!name.equals(homes[session]) && !"a".equals(homes[session])) {
            movedWithoutNeed++;
        }
    }

    private void assertShares(int phase, double[] expected, double percent) {
        double sum = 0;
        for (int count : shares[phase]) {
            sum += count;
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat(100 * shares[phase][i] / sum)
                    .as("share of %s in phase %d", NAMES.get(i), phase)
                    .isCloseTo(expected[i], within(percent));
        }
    }

    @ParameterizedTest
    @EnumSource
    void goesAroundAnOutageUnseenByClientsAndComesBack(Strategy strategy) {
        run(index(strategy, new ProviderEntry.Breaker(FAILURES, 30_000, 300_000, 1)), 0);

        assertThat(failedRequests).isZero();
        assertThat(failedBeforeOpen).isEqualTo(FAILURES);
        // a probe at 330 s, one at 390 s
        assertThat(failedAttempts).isBetween(FAILURES, FAILURES + 2);
        // a thousand sessions do not spread as evenly as a million requests
        double tolerance = strategy.sticky ? 4 : 0.5;
        assertShares(0, strategy.usual, tolerance);
        assertShares(1, strategy.inOutage, tolerance);
        assertShares(2, strategy.usual, tolerance);
        if (strategy.sticky) {
            assertThat(movedWithoutNeed).isZero();
        }
    }

    @Test
    void givesAFailingTargetLessAsLongAsItFails() {
        // a circuit that chance does not open
        var index = index(Strategy.ERROR_AWARE, new ProviderEntry.Breaker(100, 30_000, 300_000, 1));

        run(index, 500);

        assertThat(failedRequests).isZero();
        // half of 60 against 30 and 10
        assertShares(0, new double[] {300 / 7.0, 300 / 7.0, 100 / 7.0}, 1);
        assertShares(2, new double[] {300 / 7.0, 300 / 7.0, 100 / 7.0}, 1);
    }
}
