package dev.tollgate.operator.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.budget.ReclaimStatus;
import dev.tollgate.crds.provider.CredentialStatus;
import dev.tollgate.crds.provider.ModelProviderStatus;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.route.CanaryStatus;
import dev.tollgate.crds.route.RoutingPolicyStatus;
import dev.tollgate.operator.event.Notice.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TransitionsTest {

    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");

    private static Condition condition(
            ConditionType type, Status status, ConditionReason reason, long generation) {
        return new Condition(type, status, reason, "why", generation, NOW);
    }

    private static RoutingPolicyStatus policy(Condition... conditions) {
        return new RoutingPolicyStatus(1, null, null, List.of(), List.of(), List.of(conditions));
    }

    private static RoutingPolicyStatus canary(CanaryStatus.Phase phase, Instant since) {
        return new RoutingPolicyStatus(
                1,
                null,
                null,
                List.of(),
                List.of(new CanaryStatus("r", "next", 1, 40, phase, since, "f", "5 % errors")),
                List.of());
    }

    private static BudgetStatus budget(
            @Nullable String periodStart, @Nullable String spent, boolean exhausted) {
        return new BudgetStatus(
                1,
                periodStart == null ? null : Instant.parse(periodStart),
                periodStart == null ? null : Instant.parse(periodStart).plus(Duration.ofDays(1)),
                spent,
                null,
                null,
                null,
                null,
                null,
                List.of(),
                List.of(),
                null,
                null,
                null,
                null,
                List.of(
                        condition(
                                ConditionType.EXHAUSTED,
                                exhausted ? Status.TRUE : Status.FALSE,
                                exhausted
                                        ? ConditionReason.EXHAUSTED
                                        : ConditionReason.WITHIN_BUDGET,
                                1)));
    }

    private static final String WINDOW = "2026-11-01T00:00:00Z";

    private static BudgetStatus stepped(@Nullable String reset, String... steps) {
        return laddered(WINDOW, "3", null, reset, null, steps);
    }

    private static BudgetStatus used(String window, int percent, String... steps) {
        return laddered(window, "3", percent, null, null, steps);
    }

    private static BudgetStatus laddered(
            String window,
            @Nullable String spent,
            @Nullable Integer percent,
            @Nullable String reset,
            @Nullable ReclaimStatus reclaim,
            String... steps) {
        return new BudgetStatus(
                1,
                Instant.parse(window),
                Instant.parse(window).plus(Duration.ofDays(30)),
                spent,
                null,
                null,
                percent,
                null,
                null,
                List.of(steps),
                List.of(),
                reset,
                reclaim,
                null,
                null,
                List.of(
                        condition(
                                ConditionType.THRESHOLD_REACHED,
                                steps.length > 0 ? Status.TRUE : Status.FALSE,
                                ConditionReason.THRESHOLD_REACHED,
                                1)));
    }

    @Test
    void tellsOfEachStepOfALadderOnce() {
        assertThat(Transitions.of(stepped(null), stepped(null, "warn")))
                .extracting(Notice::reason)
                .containsExactly(Notice.Reason.BUDGET_THRESHOLD);
        assertThat(Transitions.of(stepped(null, "warn"), stepped(null, "warn", "save")))
                .extracting(Notice::reason)
                .containsExactly(Notice.Reason.BUDGET_THRESHOLD);
        assertThat(Transitions.of(stepped(null, "warn", "save"), stepped(null, "warn", "save")))
                .isEmpty();
        assertThat(Transitions.of(stepped(null, "warn", "save"), stepped(null, "warn"))).isEmpty();
    }

    private static BudgetStatus violated(Status status, ConditionReason reason) {
        var given = stepped(null);
        return new BudgetStatus(
                1,
                given.periodStart(),
                given.resets(),
                given.spent(),
                null,
                null,
                null,
                null,
                null,
                List.of(),
                List.of(),
                null,
                null,
                null,
                null,
                List.of(condition(ConditionType.BOUND_VIOLATION, status, reason, 1)));
    }

    @Test
    void tellsOfABoundViolationOnceUntilItIsAcknowledged() {
        var open = violated(Status.TRUE, ConditionReason.BOUND_VIOLATION);
        var over = violated(Status.FALSE, ConditionReason.ACKNOWLEDGED);
        assertThat(Transitions.of(stepped(null), open))
                .extracting(Notice::reason)
                .containsExactly(Notice.Reason.BUDGET_BOUND_VIOLATION);
        assertThat(Transitions.of(open, open)).isEmpty();
        assertThat(Transitions.of(open, over)).isEmpty();
        assertThat(Transitions.of(over, open))
                .extracting(Notice::reason)
                .containsExactly(Notice.Reason.BUDGET_BOUND_VIOLATION);
    }

    @Test
    void tellsOfAResetThatWasAskedFor() {
        var notices = Transitions.of(stepped(null), stepped("2026-11-02T08:00:00Z"));
        assertThat(notices).hasSize(1);
        assertThat(notices.getFirst().reason()).isEqualTo(Notice.Reason.BUDGET_RESET);
        assertThat(notices.getFirst().note()).contains("2026-11-02T08:00:00Z", "$3");
    }

    @Test
    void saysNothingOfAStepThatIsFallenBackTo() {
        var high = used(WINDOW, 95, "late");
        assertThat(Transitions.of(high, used(WINDOW, 75, "early"))).isEmpty();
        assertThat(Transitions.of(high, used(WINDOW, 95, "early")))
                .as("the ladder was changed")
                .extracting(Notice::reason)
                .containsExactly(Notice.Reason.BUDGET_THRESHOLD);
        assertThat(Transitions.of(high, used("2026-12-01T00:00:00Z", 75, "early")))
                .as("another window")
                .extracting(Notice::reason)
                .contains(Notice.Reason.BUDGET_THRESHOLD);
    }

    @Test
    void saysNothingOfAResetThatWasAskedForInAnEarlierWindow() {
        var echoed = stepped("2026-10-20T08:00:00Z");
        assertThat(echoed.lastHandledReset()).isNotNull();
        assertThat(Transitions.of(stepped(null), echoed)).isEmpty();
    }

    @Test
    void saysNothingOfMoneyThatIsNotKnown() {
        var before = laddered(WINDOW, null, null, null, null);
        var notices = Transitions.of(before, stepped("2026-11-02T08:00:00Z"));
        assertThat(notices).hasSize(1);
        assertThat(notices.getFirst().note())
                .isEqualTo("reset as asked for at 2026-11-02T08:00:00Z");
    }

    @Test
    void tellsOnceWhatCameOfAReclaim() {
        for (var outcome : List.of(ReclaimStatus.Outcome.RETURNED, ReclaimStatus.Outcome.REFUSED)) {
            var last =
                    new ReclaimStatus(
                            "lost/1 by bob: gone",
                            outcome,
                            "lost/1",
                            "bob",
                            "gone",
                            "4",
                            Instant.EPOCH,
                            "$4 of lost/1, by bob: gone");
            var told = laddered(WINDOW, "3", null, null, last);
            var reason =
                    outcome == ReclaimStatus.Outcome.RETURNED
                            ? Reason.BUDGET_RECLAIMED
                            : Reason.BUDGET_RECLAIM_REFUSED;
            assertThat(Transitions.of(stepped(null), told))
                    .containsExactly(new Notice(reason, last.message()));
            assertThat(Transitions.of(told, told)).isEmpty();
        }
    }

    private static BudgetStatus told(
            String window, @Nullable String reset, ConditionType type, String message) {
        return new BudgetStatus(
                1,
                Instant.parse(window),
                Instant.parse(window).plus(Duration.ofDays(30)),
                "3",
                null,
                null,
                50,
                null,
                null,
                List.of("warn"),
                List.of(),
                reset,
                null,
                null,
                null,
                List.of(
                        new Condition(
                                type, Status.TRUE, ConditionReason.EXHAUSTED, message, 1, NOW)));
    }

    private static List<Notice> changed(ConditionType type, String before, String now) {
        return Transitions.of(told(WINDOW, null, type, before), told(WINDOW, null, type, now));
    }

    @Test
    void tellsOfAnotherNamespaceWhileTheConditionGoesOn() {
        var types = List.of(ConditionType.EXHAUSTED, ConditionType.THRESHOLD_REACHED);
        for (var type : types) {
            var reason =
                    type == ConditionType.EXHAUSTED
                            ? Reason.BUDGET_EXHAUSTED
                            : Reason.BUDGET_THRESHOLD;
            for (var gained :
                    List.of(
                            List.of("x in namespace a until y", "x in namespaces a, b until y"),
                            List.of("x in namespace a", "x in namespace b"),
                            List.of("x in namespace a", "x in namespace a; z in namespace a"),
                            List.of("x in namespaces a, b", "x in namespaces a, b and 1 more"),
                            List.of(
                                    "x in namespaces a, b and 1 more",
                                    "x in namespaces a, b and 2 more"),
                            List.of("x in 5 namespaces", "x in 6 namespaces"),
                            List.of("x in 20 namespaces", "x in more than 20 namespaces"))) {
                assertThat(changed(type, gained.getFirst(), gained.getLast()))
                        .as("%s", gained)
                        .containsExactly(new Notice(reason, gained.getLast()));
            }
            for (var same :
                    List.of(
                            List.of("x in namespaces a, b", "x in namespace b"),
                            List.of("x in namespace a; z in namespace a", "z in namespace a"),
                            List.of("x in namespaces a, b and 2 more", "x in 4 namespaces"),
                            List.of("x in namespaces a, b and 2 more", "x in namespaces a, b"),
                            List.of("x in more than 20 namespaces", "x in namespace c"),
                            List.of("reached: x; y", "reached: x, another text; y"))) {
                assertThat(changed(type, same.getFirst(), same.getLast())).as("%s", same).isEmpty();
            }
        }
    }

    @Test
    void tellsOfANamespaceAgainInAnotherWindowOrAfterAReset() {
        var text = "x in namespace a";
        var type = ConditionType.EXHAUSTED;
        var before = told(WINDOW, null, type, text);
        assertThat(Transitions.of(before, told("2026-12-01T00:00:00Z", null, type, text)))
                .contains(new Notice(Reason.BUDGET_EXHAUSTED, text));
        assertThat(Transitions.of(before, told(WINDOW, "2026-11-02T08:00:00Z", type, text)))
                .contains(new Notice(Reason.BUDGET_EXHAUSTED, text));
    }

    private static ModelProviderStatus provider(@Nullable Instant rotated) {
        return new ModelProviderStatus(
                1,
                1,
                1,
                rotated == null ? null : new CredentialStatus(rotated),
                null,
                null,
                List.of());
    }

    @Test
    void tellsAConditionThatTurnsTrueAndNotOneThatStaysSo() {
        for (var type : List.of(ConditionType.CONFLICTED, ConditionType.MODEL_DEPRECATED)) {
            var yes = policy(condition(type, Status.TRUE, ConditionReason.MODEL_CLAIMED, 1));
            var still = policy(condition(type, Status.TRUE, ConditionReason.MODEL_CLAIMED, 2));
            var no = policy(condition(type, Status.FALSE, ConditionReason.CURRENT, 1));
            var reason =
                    type == ConditionType.CONFLICTED ? Reason.CONFLICTED : Reason.MODEL_DEPRECATED;
            assertThat(Transitions.of(no, yes)).containsExactly(new Notice(reason, "why"));
            assertThat(Transitions.of(null, yes)).containsExactly(new Notice(reason, "why"));
            assertThat(Transitions.of(yes, still)).isEmpty();
            assertThat(Transitions.of(yes, no)).isEmpty();
        }
    }

    @Test
    void tellsARejectionOnceForEachGeneration() {
        var first = rejected(1);
        assertThat(Transitions.of(policy(), first))
                .containsExactly(new Notice(Reason.REJECTED_BY_PROXY, "why"));
        assertThat(Transitions.of(first, rejected(1))).isEmpty();
        assertThat(Transitions.of(first, rejected(2))).hasSize(1);
    }

    private static RoutingPolicyStatus rejected(long generation) {
        return policy(
                condition(
                        ConditionType.PROGRAMMED,
                        Status.FALSE,
                        ConditionReason.REJECTED_BY_PROXY,
                        generation));
    }

    @Test
    void tellsThatAGenerationIsProgrammedOnceHoweverOftenTheConditionRisesAgain() {
        var once = new ProgrammedOnce();
        var none = List.<Condition>of();
        var waits = programmed(Status.FALSE, 1);
        var first = programmed(Status.TRUE, 1);
        assertThat(once.next("u", none, waits)).isEmpty();
        assertThat(once.next("u", waits, first)).isPresent();
        assertThat(once.next("u", first, waits)).isEmpty();
        assertThat(once.next("u", waits, first)).isEmpty();
        assertThat(once.next("u", first, programmed(Status.TRUE, 2)))
                .contains(new Notice(Reason.PROGRAMMED, "generation 2 on why"));
        assertThat(new ProgrammedOnce().next("u", first, first)).as("a restart").isEmpty();
        once.forget("u");
        assertThat(once.next("u", none, first)).isPresent();
    }

    private static List<Condition> programmed(Status status, long generation) {
        return List.of(
                condition(
                        ConditionType.PROGRAMMED, status, ConditionReason.PROGRAMMED, generation));
    }

    @Test
    void tellsThatACanaryIsPromotedOrRolledBackOnceForEachRun() {
        var goes = canary(CanaryStatus.Phase.PROGRESSING, NOW);
        var back = canary(CanaryStatus.Phase.ROLLED_BACK, NOW);
        var up = canary(CanaryStatus.Phase.PROMOTED, NOW);
        assertThat(Transitions.of(goes, back))
                .containsExactly(
                        new Notice(Reason.CANARY_ROLLED_BACK, "rule r, target next: 5 % errors"));
        assertThat(Transitions.of(goes, up))
                .extracting(Notice::reason)
                .containsExactly(Reason.CANARY_PROMOTED);
        assertThat(Transitions.of(back, back)).isEmpty();
        assertThat(Transitions.of(back, canary(CanaryStatus.Phase.ROLLED_BACK, NOW.plusSeconds(9))))
                .as("it was tried again in between")
                .hasSize(1);
        assertThat(Transitions.of(back, goes)).isEmpty();
        assertThat(Transitions.of(goes, canary(CanaryStatus.Phase.PAUSED, NOW))).isEmpty();
    }

    @Test
    void tellsThatMoneyIsSpentAndThatAWindowBegins() {
        var day = "2026-11-22T00:00:00Z";
        var next = "2026-11-23T00:00:00Z";
        assertThat(Transitions.of(budget(day, "1", false), budget(day, "2", true)))
                .containsExactly(new Notice(Reason.BUDGET_EXHAUSTED, "why"));
        assertThat(Transitions.of(budget(day, "2", true), budget(next, "0", false)))
                .containsExactly(
                        new Notice(
                                Reason.BUDGET_RESET,
                                "a window began at 2026-11-23T00:00:00Z; in the one before about"
                                        + " $2 was spent"));
        assertThat(Transitions.of(budget(day, "0", false), budget(next, "0", false)))
                .as("nobody used it")
                .isEmpty();
        assertThat(Transitions.of(budget(null, "2", true), budget(null, "2", false)))
                .containsExactly(new Notice(Reason.BUDGET_RESET, "there is money again"));
        assertThat(Transitions.of(null, budget(day, "0", false))).isEmpty();
    }

    private static BudgetStatus of(
            @Nullable String from, @Nullable String to, @Nullable String spent) {
        return new BudgetStatus(
                1,
                from == null ? null : Instant.parse(from),
                to == null ? null : Instant.parse(to),
                spent,
                null,
                null,
                null,
                null,
                null,
                List.of(),
                List.of(),
                null,
                null,
                null,
                null,
                List.of());
    }

    private static Notice another(String now, String before) {
        return new Notice(
                Reason.BUDGET_RESET,
                "the period was changed, so another account counts: that of "
                        + now
                        + " is spent; before it was that of "
                        + before
                        + " was spent");
    }

    @Test
    void tellsThatAnotherPeriodHasAnotherAccountWhateverItsWindow() {
        var first = "2026-11-01T00:00:00Z";
        var second = "2026-11-02T00:00:00Z";
        var next = "2026-12-01T00:00:00Z";
        var day = of(first, second, "3");
        var month = of(first, next, "0");
        var ever = of(null, null, "7");
        var november = first + " to " + next;
        assertThat(Transitions.of(day, month))
                .as("they begin together")
                .containsExactly(
                        another(
                                november + ", of which $0",
                                first + " to " + second + ", of which about $3"));
        assertThat(Transitions.of(month, day))
                .as("nothing was spent, and it is changed back")
                .containsExactly(
                        another(
                                first + " to " + second + ", of which $3",
                                november + ", of which about $0"));
        assertThat(Transitions.of(ever, month))
                .containsExactly(
                        another(november + ", of which $0", "its lifetime, of which about $7"));
        assertThat(Transitions.of(month, ever))
                .containsExactly(
                        another("its lifetime, of which $7", november + ", of which about $0"));
        assertThat(Transitions.of(of(second, "2026-11-03T00:00:00Z", "1"), month))
                .as("it began earlier")
                .hasSize(1);
        assertThat(Transitions.of(month, month)).isEmpty();
        assertThat(Transitions.of(of(null, null, null), month)).as("no amount before").isEmpty();
        assertThat(Transitions.of(day, of(null, null, null))).as("no amount any more").isEmpty();
        assertThat(Transitions.of(day, of(second, "2026-11-03T00:00:00Z", "0")))
                .as("the next window of the same period")
                .containsExactly(
                        new Notice(
                                Reason.BUDGET_RESET,
                                "a window began at "
                                        + second
                                        + "; in the one before about $3 was spent"));
    }

    @Test
    void tellsOnceThatEachNamespaceHasAnAccountOfItsOwn() {
        var told = new EachTold();
        assertThat(told.next("u", false)).as("as it was").isEmpty();
        assertThat(told.next("u", true)).get().extracting(Notice::note).asString().contains("each");
        assertThat(told.next("u", true)).isEmpty();
        assertThat(told.next("v", false)).as("another Budget").isEmpty();
        assertThat(told.next("u", false)).isPresent();
        told.forget("u");
        assertThat(told.next("u", true)).isEmpty();
    }

    @Test
    void tellsACredentialThatChanges() {
        assertThat(Transitions.of(provider(null), provider(NOW)))
                .extracting(Notice::reason)
                .containsExactly(Reason.CREDENTIAL_ROTATED);
        assertThat(Transitions.of(provider(NOW), provider(NOW))).isEmpty();
        assertThat(Transitions.of(provider(NOW), provider(NOW.plusSeconds(1)))).hasSize(1);
        assertThat(Transitions.of(null, provider(null))).isEmpty();
    }
}
