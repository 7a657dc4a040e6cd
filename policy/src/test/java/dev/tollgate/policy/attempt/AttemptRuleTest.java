package dev.tollgate.policy.attempt;

import static dev.tollgate.policy.snapshot.Snapshots.model;
import static dev.tollgate.policy.snapshot.Snapshots.provider;
import static dev.tollgate.policy.snapshot.Snapshots.target;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Traits;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.RuleEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AttemptRuleTest {

    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");
    private static final Candidate A = candidate("a", 0, 3);
    private static final Candidate B = candidate("b", 0, 1);
    private static final Candidate C = candidate("c", 1, 1);

    private static Candidate candidate(String name, int priority, int weight) {
        var provider = provider("ns/" + name, null, NamespaceSet.everyone(), model("m"));
        return new Candidate(
                target(name, provider.key(), "m", priority, weight),
                provider,
                provider.models().getFirst());
    }

    private static RoutePlan plan(Candidate... candidates) {
        return plan(EnumSet.allOf(RuleEntry.Cause.class), 3, candidates);
    }

    private static RoutePlan plan(
            Set<RuleEntry.Cause> retryOn, int maxAttempts, Candidate... candidates) {
        return new RoutePlan(
                "ns/p",
                "ns/p/r",
                "r",
                true,
                List.of(candidates),
                List.of(),
                SelectionEntry.WEIGHTED,
                Traits.NONE,
                null,
                List.of(),
                null,
                null,
                new RuleEntry.Retry(retryOn, maxAttempts, null, 100, 5_000, 10_000),
                null,
                null,
                null);
    }

    private static TargetState state(boolean open, @Nullable Instant notBefore) {
        return new TargetState(open, false, notBefore, TargetState.UNKNOWN, TargetState.UNKNOWN, 0);
    }

    private static AttemptRule.Circumstances at(Telemetry states, long seed) {
        return new AttemptRule.Circumstances(
                states, NOW, NOW.plusSeconds(60), true, new Random(seed));
    }

    private static AttemptRule.Circumstances fine() {
        return at(Telemetry.NONE, 7);
    }

    private static List<Attempt> failed(Outcome outcome, Candidate... candidates) {
        return Stream.of(candidates).map(c -> new Attempt(c, outcome)).toList();
    }

    private static Decision.GiveUp giveUp(Decision.Reason reason) {
        return new Decision.GiveUp(reason);
    }

    static Stream<Outcome> retryable() {
        return Stream.of(
                new Outcome.RateLimited(null),
                new Outcome.ServerError(529, null),
                new Outcome.Timeout(),
                new Outcome.ConnectFailure(),
                new Outcome.CredentialRejected(401),
                new Outcome.NoFreeConnection());
    }

    @ParameterizedTest
    @MethodSource("retryable")
    void takesTheNextOfThePriorityThenTheNextPriorityAtOnce(Outcome outcome) {
        var plan = plan(A, B, C);
        assertThat(AttemptRule.decide(plan, failed(outcome, A), fine()))
                .isEqualTo(new Decision.Retry(B, Duration.ZERO));
        assertThat(AttemptRule.decide(plan, failed(outcome, A, B), fine()))
                .isEqualTo(new Decision.Retry(C, Duration.ZERO));
        assertThat(AttemptRule.decide(plan, failed(outcome, A, B, C), fine()))
                .isEqualTo(giveUp(Decision.Reason.ATTEMPTS_SPENT));
    }

    @Test
    void neverWaitsAgainForAConnectionToTheSameTarget() {
        var attempts = failed(new Outcome.NoFreeConnection(), A);
        assertThat(AttemptRule.decide(plan(A), attempts, fine()))
                .isEqualTo(giveUp(Decision.Reason.NO_TARGET_LEFT));
    }

    @Test
    void neverRetriesWhatTheClientGotWrong() {
        assertThat(AttemptRule.decide(plan(A, B), failed(new Outcome.ClientFault(400), A), fine()))
                .isEqualTo(giveUp(Decision.Reason.NOT_RETRYABLE));
        assertThat(AttemptRule.decide(plan(A, B), failed(new Outcome.Success(), A), fine()))
                .isEqualTo(giveUp(Decision.Reason.DONE));
    }

    @Test
    void retriesOnlyTheCausesOfTheRule() {
        var plan = plan(Set.of(RuleEntry.Cause.TIMEOUT), 3, A, B);
        assertThat(AttemptRule.decide(plan, failed(new Outcome.ServerError(500, null), A), fine()))
                .isEqualTo(giveUp(Decision.Reason.NOT_RETRYABLE));
        assertThat(AttemptRule.decide(plan, failed(new Outcome.Timeout(), A), fine()))
                .isInstanceOf(Decision.Retry.class);
    }

    @Test
    void leavesOpenCircuitsOut() {
        Telemetry states =
                (provider, model) -> provider.equals("ns/b") ? state(true, null) : TargetState.FINE;
        assertThat(
                        AttemptRule.decide(
                                plan(A, B, C), failed(new Outcome.Timeout(), A), at(states, 1)))
                .isEqualTo(new Decision.Retry(C, Duration.ZERO));
    }

    @Test
    void waitsWithFullJitterBeforeTheSameTarget() {
        var plan = plan(EnumSet.allOf(RuleEntry.Cause.class), 10, A);
        for (int attempts = 1; attempts < 10; attempts++) {
            long most = Math.min(5_000, 100L << (attempts - 1));
            var tried = failed(new Outcome.ServerError(503, null), repeated(A, attempts));
            var delays =
                    IntStream.range(0, 300)
                            .mapToLong(
                                    seed ->
                                            delay(
                                                    AttemptRule.decide(
                                                            plan, tried, at(Telemetry.NONE, seed))))
                            .summaryStatistics();
            assertThat(delays.getMax()).isBetween(most * 3 / 4, most);
            assertThat(delays.getMin()).isBetween(0L, most / 4);
        }
    }

    private static Candidate[] repeated(Candidate candidate, int times) {
        return Stream.generate(() -> candidate).limit(times).toArray(Candidate[]::new);
    }

    private static long delay(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Retry.class);
        return ((Decision.Retry) decision).delay().toMillis();
    }

    @Test
    void waitsAtLeastAsLongAsTheTargetAsked() {
        var asked = new Outcome.RateLimited(Duration.ofSeconds(9));
        assertThat(delay(AttemptRule.decide(plan(A), failed(asked, A), fine())))
                .isGreaterThanOrEqualTo(9_000);
        var tooLong = new Outcome.RateLimited(Duration.ofSeconds(11));
        assertThat(AttemptRule.decide(plan(A), failed(tooLong, A), fine()))
                .isEqualTo(giveUp(Decision.Reason.RETRY_AFTER_TOO_LONG));
        assertThat(AttemptRule.decide(plan(A, B), failed(tooLong, A), fine()))
                .isEqualTo(new Decision.Retry(B, Duration.ZERO));
    }

    @Test
    void givesUpAtTheDeadline() {
        var asked = failed(new Outcome.RateLimited(Duration.ofSeconds(5)), A);
        var short5 =
                new AttemptRule.Circumstances(
                        Telemetry.NONE, NOW, NOW.plusSeconds(5), true, new Random(1));
        assertThat(AttemptRule.decide(plan(A), asked, short5))
                .isEqualTo(giveUp(Decision.Reason.DEADLINE));
        var over = new AttemptRule.Circumstances(Telemetry.NONE, NOW, NOW, true, new Random(1));
        assertThat(AttemptRule.decide(plan(A, B), asked, over))
                .isEqualTo(giveUp(Decision.Reason.DEADLINE));
    }

    @Test
    void givesUpWhenTheProxyRetriesTooMuch() {
        var spent =
                new AttemptRule.Circumstances(
                        Telemetry.NONE, NOW, NOW.plusSeconds(60), false, new Random(1));
        assertThat(AttemptRule.decide(plan(A, B), failed(new Outcome.Timeout(), A), spent))
                .isEqualTo(giveUp(Decision.Reason.RETRY_BUDGET_SPENT));
    }

    @Test
    void neverTriesATargetAgainThatRefusesOurKey() {
        assertThat(
                        AttemptRule.decide(
                                plan(A), failed(new Outcome.CredentialRejected(403), A), fine()))
                .isEqualTo(giveUp(Decision.Reason.NO_TARGET_LEFT));
    }

    @Test
    void sharesTheLowestPriorityByWeight() {
        int first = 0;
        for (int seed = 0; seed < 2_000; seed++) {
            var selection = Selection.first(plan(A, B, C), Telemetry.NONE, NOW, new Random(seed));
            assertThat(selection).isInstanceOf(Selection.Chosen.class);
            var chosen = ((Selection.Chosen) selection).candidate();
            assertThat(chosen).isNotEqualTo(C);
            first += chosen.equals(A) ? 1 : 0;
        }
        assertThat(first).isBetween(1_400, 1_600);
    }

    @Test
    void servesFromTheNextPriorityWhenTheLowestIsOut() {
        Telemetry states =
                (provider, model) ->
                        provider.equals("ns/c")
                                ? TargetState.FINE
                                : state(false, NOW.plusSeconds(3));
        assertThat(Selection.first(plan(A, B, C), states, NOW, new Random(1)))
                .isInstanceOfSatisfying(
                        Selection.Chosen.class,
                        chosen -> {
                            assertThat(chosen.candidate()).isEqualTo(C);
                            assertThat(chosen.exclusions()).hasSize(2);
                        });
    }

    @Test
    void tellsWhenTheFirstTargetIsBack() {
        Telemetry states =
                (provider, model) ->
                        provider.equals("ns/a")
                                ? state(false, NOW.plusSeconds(9))
                                : state(false, NOW.plusSeconds(4));
        assertThat(Selection.first(plan(A, B), states, NOW, new Random(1)))
                .isInstanceOfSatisfying(
                        Selection.None.class,
                        none -> {
                            assertThat(none.noRoute().kind()).isEqualTo(NoRoute.Kind.NEAR_LIMIT);
                            assertThat(none.noRoute().retryAfterMillis()).isEqualTo(4_000);
                        });
        Telemetry open = (provider, model) -> state(true, null);
        assertThat(Selection.first(plan(A, B), open, NOW, new Random(1)))
                .isInstanceOfSatisfying(
                        Selection.None.class,
                        none ->
                                assertThat(none.noRoute().kind())
                                        .isEqualTo(NoRoute.Kind.UNAVAILABLE));
    }
}
