package dev.tollgate.policy.canary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.canary.CanaryPlan.Limits;
import dev.tollgate.policy.canary.CanaryPlan.Step;
import dev.tollgate.policy.canary.CanaryState.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CanaryJudgeTest {

    private static final Instant START = Instant.parse("2026-11-01T10:00:00Z");
    private static final Duration HOLD = Duration.ofMinutes(30);
    private static final CanaryPlan PLAN =
            plan(false, new Step(5, HOLD.toMillis()), new Step(25, HOLD.toMillis()));

    private static CanaryPlan plan(boolean pauses, Step... steps) {
        return new CanaryPlan("next", List.of(steps), pauses, Limits.USUAL, "as written");
    }

    private static CanaryFigures figures(long requests, long errors, long millis, long nanosEach) {
        long answers = requests - errors;
        return new CanaryFigures(
                requests,
                errors,
                answers * nanosEach,
                answers == 0 ? Map.of() : Map.of(Latency.bucket(millis * 1_000), answers));
    }

    private static final CanaryFigures GOOD = figures(50, 2, 200, 1_000);
    private static final CanaryFigures STABLE = figures(950, 10, 200, 1_000);

    private static CanaryState next(
            CanaryPlan plan,
            @Nullable CanaryState state,
            CanaryFigures canary,
            CanaryFigures others,
            Duration after) {
        return CanaryJudge.next(plan, state, canary, others, START.plus(after));
    }

    private static CanaryState begun(CanaryPlan plan) {
        return next(plan, null, CanaryFigures.NONE, CanaryFigures.NONE, Duration.ZERO);
    }

    @Test
    void beginsAtTheFirstStep() {
        var state = begun(PLAN);
        assertThat(state.step()).isEqualTo(1);
        assertThat(state.phase()).isEqualTo(Phase.PROGRESSING);
        assertThat(state.since()).isEqualTo(START);
        assertThat(PLAN.percent(state)).isEqualTo(5);
        assertThat(state.message())
                .isEqualTo("step 1 of 2, 5 %: holds 30m; judged from 50 requests on");
    }

    @Test
    void passesAStepWhenItsHoldIsOverEnoughAreServedAndNothingIsBroken() {
        var first = begun(PLAN);
        assertThat(next(PLAN, first, GOOD, STABLE, HOLD.minusMillis(1))).isEqualTo(first);
        assertThat(next(PLAN, first, figures(49, 0, 200, 1_000), STABLE, HOLD)).isEqualTo(first);
        var second = next(PLAN, first, GOOD, STABLE, HOLD);
        assertThat(second.step()).isEqualTo(2);
        assertThat(second.since()).isEqualTo(START.plus(HOLD));
        assertThat(PLAN.percent(second)).isEqualTo(25);
    }

    @Test
    void promotesAfterTheLastHoldAndStaysSoWhateverComes() {
        var second = next(PLAN, begun(PLAN), GOOD, STABLE, HOLD);
        var promoted = next(PLAN, second, GOOD, STABLE, HOLD.multipliedBy(2));
        assertThat(promoted.phase()).isEqualTo(Phase.PROMOTED);
        assertThat(PLAN.percent(promoted)).isEqualTo(100);
        assertThat(next(PLAN, promoted, figures(90, 90, 1, 1), STABLE, HOLD.multipliedBy(9)))
                .isEqualTo(promoted);
    }

    @Test
    void rollsBackWhenErrorsAreAboveTheLimitWithoutWaitingForTheHold() {
        var state = next(PLAN, begun(PLAN), figures(50, 3, 200, 1_000), STABLE, Duration.ZERO);
        assertThat(state.phase()).isEqualTo(Phase.ROLLED_BACK);
        assertThat(PLAN.percent(state)).isZero();
        assertThat(state.message())
                .isEqualTo(
                        "0 %, from 5 %, at step 1 of 2: 6.0 % errors (expected: at most 5 %);"
                                + " seen in 50 requests");
    }

    @Test
    void isNotJudgedBeforeEnoughAreServed() {
        var first = begun(PLAN);
        assertThat(next(PLAN, first, figures(49, 49, 9_000, 9_000), STABLE, HOLD)).isEqualTo(first);
    }

    @Test
    void neitherBlamesTheCanaryForAnOutageOfAllNorPassesItsStep() {
        var first = begun(PLAN);
        assertThat(
                        next(
                                PLAN,
                                first,
                                figures(60, 30, 200, 1_000),
                                figures(900, 450, 200, 1_000),
                                HOLD))
                .isEqualTo(first);
        assertThat(
                        next(
                                        PLAN,
                                        first,
                                        figures(60, 31, 200, 1_000),
                                        figures(900, 450, 200, 1_000),
                                        HOLD)
                                .phase())
                .isEqualTo(Phase.ROLLED_BACK);
    }

    @Test
    void rollsBackWhenTheSlowestTwentiethOfAnswersIsSlowerThanAllowed() {
        var first = begun(PLAN);
        assertThat(next(PLAN, first, figures(50, 0, 240, 1_000), STABLE, Duration.ZERO))
                .isEqualTo(first);
        var slow = next(PLAN, first, figures(50, 0, 280, 1_000), STABLE, Duration.ZERO);
        assertThat(slow.phase()).isEqualTo(Phase.ROLLED_BACK);
        assertThat(slow.message()).contains("p95 latency").contains("25 % above");
    }

    @Test
    void rollsBackWhenAnAnswerCostsMoreThanAllowed() {
        var first = begun(PLAN);
        assertThat(next(PLAN, first, figures(50, 0, 200, 1_250), STABLE, Duration.ZERO))
                .isEqualTo(first);
        assertThat(next(PLAN, first, figures(50, 0, 200, 1_251), STABLE, Duration.ZERO).phase())
                .isEqualTo(Phase.ROLLED_BACK);
    }

    @Test
    void comparesWithOthersOnlyOnceEnoughOfThemWereServed() {
        var first = begun(PLAN);
        assertThat(
                        next(
                                PLAN,
                                first,
                                figures(50, 0, 900, 9_000),
                                figures(49, 0, 1, 1),
                                Duration.ZERO))
                .isEqualTo(first);
    }

    @Test
    void cannotTellAnIncreaseOverNothing() {
        var first = begun(PLAN);
        assertThat(next(PLAN, first, GOOD, figures(900, 0, 200, 0), Duration.ZERO))
                .isEqualTo(first);
    }

    @Test
    void freezesTheStepWhenTold() {
        var plan = plan(true, new Step(5, 1_000L), new Step(25, 1_000L));
        var second = next(plan, begun(plan), GOOD, STABLE, HOLD);
        var paused = next(plan, second, figures(50, 40, 200, 1_000), STABLE, HOLD);
        assertThat(paused.phase()).isEqualTo(Phase.PAUSED);
        assertThat(plan.percent(paused)).isEqualTo(25);
        assertThat(next(plan, paused, GOOD, STABLE, HOLD.multipliedBy(4))).isEqualTo(paused);
    }

    @Test
    void waitsForAnEditInAStepWithoutHoldAndIsStillJudged() {
        var plan = plan(false, new Step(5, 1_000L), new Step(25, null), new Step(50, 1_000L));
        var second = next(plan, begun(plan), GOOD, STABLE, HOLD);
        assertThat(second.phase()).isEqualTo(Phase.WAITING);
        assertThat(next(plan, second, GOOD, STABLE, Duration.ofDays(9))).isEqualTo(second);
        assertThat(next(plan, second, figures(50, 9, 200, 1_000), STABLE, HOLD).phase())
                .isEqualTo(Phase.ROLLED_BACK);
    }

    @Test
    void startsOverWhenWhatIsWrittenChanges() {
        var rolledBack = next(PLAN, begun(PLAN), figures(50, 50, 1, 1), STABLE, HOLD);
        var edited = new CanaryPlan("next", PLAN.steps(), false, Limits.USUAL, "as written later");
        assertThat(edited.percent(rolledBack)).isEqualTo(5);
        var again = next(edited, rolledBack, GOOD, STABLE, HOLD);
        assertThat(again.step()).isEqualTo(1);
        assertThat(again.phase()).isEqualTo(Phase.PROGRESSING);
        assertThat(again.since()).isEqualTo(START.plus(HOLD));
    }

    @Test
    void neverMovesExceptToTheNextStepOrToAStop() {
        for (long seed = 0; seed < 20_000; seed++) {
            var random = new SplittableRandom(seed);
            var plan = randomPlan(random);
            var state = begun(plan);
            var now = START;
            for (int i = 0; i < 12; i++) {
                var canary = randomFigures(random);
                var others = randomFigures(random);
                now = now.plusMillis(random.nextInt(3_000));
                var next = CanaryJudge.next(plan, state, canary, others, now);
                check(plan, state, next, canary, now, "seed " + seed);
                state = next;
            }
        }
    }

    private static void check(
            CanaryPlan plan,
            CanaryState state,
            CanaryState next,
            CanaryFigures canary,
            Instant now,
            String seed) {
        if (next.equals(state)) {
            return;
        }
        assertThat(state.phase()).as(seed).isIn(Phase.PROGRESSING, Phase.WAITING);
        assertThat(canary.requests()).as(seed).isGreaterThanOrEqualTo(50);
        assertThat(next.since()).as(seed).isEqualTo(now);
        var hold = plan.steps().get(state.step() - 1).holdMillis();
        switch (next.phase()) {
            case PROGRESSING, WAITING -> {
                assertThat(next.step()).as(seed).isEqualTo(state.step() + 1);
                assertThat(plan.percent(next)).as(seed).isGreaterThan(plan.percent(state));
            }
            case PROMOTED -> assertThat(state.step()).as(seed).isEqualTo(plan.steps().size());
            case PAUSED -> assertThat(plan.percent(next)).as(seed).isEqualTo(plan.percent(state));
            case ROLLED_BACK -> assertThat(plan.percent(next)).as(seed).isZero();
        }
        if (next.phase() != Phase.PAUSED && next.phase() != Phase.ROLLED_BACK) {
            assertThat(hold).as(seed).isNotNull();
            assertThat(Duration.between(state.since(), now).toMillis())
                    .as(seed)
                    .isGreaterThanOrEqualTo(hold);
            assertThat(canary.errors() * 100).as(seed).isLessThanOrEqualTo(canary.requests() * 5);
        }
    }

    private static CanaryPlan randomPlan(SplittableRandom random) {
        int size = 1 + random.nextInt(4);
        var steps = new Step[size];
        for (int i = 0; i < size; i++) {
            steps[i] =
                    new Step(
                            1 + i * 20 + random.nextInt(20),
                            random.nextInt(6) == 0 ? null : (Long) (1L + random.nextInt(4_000)));
        }
        return plan(random.nextBoolean(), steps);
    }

    private static CanaryFigures randomFigures(SplittableRandom random) {
        long requests = random.nextInt(200);
        long errors = random.nextInt(4) == 0 ? random.nextLong(requests + 1) : requests / 40;
        return figures(requests, errors, 150 + random.nextInt(100), 1_000 + random.nextInt(300));
    }
}
