package dev.tollgate.policy.attempt;

import static dev.tollgate.policy.snapshot.Snapshots.model;
import static dev.tollgate.policy.snapshot.Snapshots.provider;
import static dev.tollgate.policy.snapshot.Snapshots.target;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Traits;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import dev.tollgate.policy.snapshot.Snapshots;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HedgeRuleTest {

    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");
    private static final RuleEntry.Hedge HEDGE = new RuleEntry.Hedge(2_000, 5, null);
    private static final Candidate MAIN = candidate("main", 0, 1);
    private static final Candidate PEER = candidate("peer", 0, 1);
    private static final Candidate SPARE = candidate("spare", 1, 1);

    private static Candidate candidate(String name, int priority, int weight) {
        var model = model("m");
        var provider = provider("ns/" + name, null, NamespaceSet.everyone(), model);
        return new Candidate(target(name, provider.key(), "m", priority, weight), provider, model);
    }

    private static RoutePlan plan(RuleEntry.@Nullable Canary canary, Candidate... candidates) {
        return new RoutePlan(
                "ns/p",
                "ns/p/r",
                "r",
                true,
                List.of(candidates),
                List.of(),
                SelectionEntry.WEIGHTED,
                Traits.NONE,
                canary,
                List.of(),
                HEDGE,
                null,
                Snapshots.RETRY,
                null,
                null,
                null);
    }

    private static AttemptRule.Circumstances with(Telemetry telemetry, Instant deadline) {
        return new AttemptRule.Circumstances(telemetry, NOW, deadline, true, new Random(7));
    }

    private static AttemptRule.Circumstances fine() {
        return with(Telemetry.NONE, NOW.plusSeconds(60));
    }

    private static Hedging alone(Hedging.Reason reason) {
        return new Hedging.Alone(reason);
    }

    @Test
    void asksTheTargetThatARetryWouldTake() {
        assertThat(HedgeRule.decide(plan(null, MAIN, PEER, SPARE), List.of(), MAIN, fine()))
                .isEqualTo(new Hedging.Ask(PEER));
        assertThat(HedgeRule.decide(plan(null, MAIN, SPARE), List.of(), MAIN, fine()))
                .isEqualTo(new Hedging.Ask(SPARE));
        var failed = List.of(new Attempt(MAIN, new Outcome.ServerError(500, null)));
        assertThat(HedgeRule.decide(plan(null, MAIN, PEER, SPARE), failed, PEER, fine()))
                .isEqualTo(new Hedging.Ask(SPARE));
    }

    @Test
    void asksNobodyWhoCannotServe() {
        Telemetry closed =
                (provider, m) ->
                        provider.endsWith("spare")
                                ? new TargetState(true, false, null, -1, -1, 0)
                                : TargetState.FINE;
        assertThat(
                        HedgeRule.decide(
                                plan(null, MAIN, SPARE),
                                List.of(),
                                MAIN,
                                with(closed, NOW.plusSeconds(60))))
                .isEqualTo(alone(Hedging.Reason.NO_TARGET));
        assertThat(HedgeRule.decide(plan(null, MAIN), List.of(), MAIN, fine()))
                .isEqualTo(alone(Hedging.Reason.NO_TARGET));
    }

    @Test
    void countsAsAnAttemptAndEndsWithTheRequestsTime() {
        var server = new Outcome.ServerError(500, null);
        var two = List.of(new Attempt(MAIN, server), new Attempt(PEER, server));
        assertThat(HedgeRule.decide(plan(null, MAIN, PEER, SPARE), two, SPARE, fine()))
                .isEqualTo(alone(Hedging.Reason.ATTEMPTS_SPENT));
        assertThat(
                        HedgeRule.decide(
                                plan(null, MAIN, SPARE),
                                List.of(),
                                MAIN,
                                with(Telemetry.NONE, NOW)))
                .isEqualTo(alone(Hedging.Reason.DEADLINE));
    }

    @Test
    void leavesACanaryOnTrialItsFiguresAndHedgesWithOneThatIsPromoted() {
        var trial = plan(new RuleEntry.Canary("peer", 25), MAIN, PEER);
        assertThat(HedgeRule.decide(trial, List.of(), PEER, fine()))
                .isEqualTo(alone(Hedging.Reason.CANARY));
        assertThat(HedgeRule.decide(trial, List.of(), MAIN, fine()))
                .isEqualTo(alone(Hedging.Reason.NO_TARGET));
        var promoted = plan(new RuleEntry.Canary("peer", 100), MAIN, PEER);
        assertThat(HedgeRule.decide(promoted, List.of(), PEER, fine()))
                .isEqualTo(new Hedging.Ask(MAIN));
    }

    @Test
    void maySpendTheFirstOnesBoundUnlessMaxCostIsWritten() {
        var first = new Money(100);
        assertThat(HedgeRule.isAffordable(HEDGE, first, first)).isTrue();
        assertThat(HedgeRule.isAffordable(HEDGE, first, new Money(101))).isFalse();
        var dearer = new RuleEntry.Hedge(2_000, 5, 150L);
        assertThat(HedgeRule.isAffordable(dearer, first, new Money(150))).isTrue();
        assertThat(HedgeRule.isAffordable(dearer, first, new Money(151))).isFalse();
    }

    /** Whatever comes, the second one is another target that could be asked now. */
    @Property(tries = 500)
    void theSecondIsNeverTheFirstNorOneThatIsClosedOrWasTried(@ForAll long seed) {
        var random = new Random(seed);
        var candidates = new ArrayList<Candidate>();
        int count = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            candidates.add(candidate("t" + i, i / 2, random.nextInt(3)));
        }
        Telemetry telemetry =
                (provider, m) ->
                        new TargetState(provider.hashCode() % 3 == 0, false, null, -1, -1, 0);
        var running = candidates.get(random.nextInt(count));
        var tried = new ArrayList<Attempt>();
        candidates.stream()
                .filter(c -> !c.equals(running) && random.nextInt(4) == 0)
                .forEach(c -> tried.add(new Attempt(c, new Outcome.Timeout())));
        var canary = new RuleEntry.Canary("t" + random.nextInt(count), random.nextInt(101));
        var decided =
                HedgeRule.decide(
                        plan(canary, candidates.toArray(Candidate[]::new)),
                        tried,
                        running,
                        with(telemetry, NOW.plusSeconds(1)));
        if (decided instanceof Hedging.Ask(var second)) {
            assertThat(second).isNotEqualTo(running).isIn(candidates);
            assertThat(second.weight()).isPositive();
            assertThat(telemetry.of(second.provider().key(), "m").circuitOpen()).isFalse();
            assertThat(tried).noneMatch(attempt -> attempt.candidate().equals(second));
            assertThat(tried.size() + 2).isLessThanOrEqualTo(Snapshots.RETRY.maxAttempts());
            assertThat(canary.percent() == 100 || !canary.target().equals(second.target().name()))
                    .isTrue();
        }
    }

    /** True: a request; false: one of them wants a hedge. */
    @Property
    void neverHedgesMoreThanItsShareAndNoMoreThanTenAtOnce(
            @ForAll @Size(max = 2_000) List<Boolean> events,
            @ForAll @IntRange(min = 1, max = 20) int percent) {
        long credit = 0;
        int requests = 0;
        int hedges = 0;
        int burst = 0;
        for (boolean request : events) {
            if (request) {
                requests++;
                burst = 0;
                credit = HedgeShare.withRequest(credit, percent);
            } else if (HedgeShare.hasRoom(credit)) {
                hedges++;
                burst++;
                credit = HedgeShare.withHedge(credit);
            }
            assertThat(hedges * 100L).isLessThanOrEqualTo((long) requests * percent);
            assertThat(burst).isLessThanOrEqualTo(HedgeShare.MOST);
        }
        assertThat(HedgeShare.withoutHedge(HedgeShare.withRequest(1_000, percent)))
                .isEqualTo(1_000);
    }
}
