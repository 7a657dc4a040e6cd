package dev.tollgate.policy.attempt;

import static dev.tollgate.policy.snapshot.Snapshots.model;
import static dev.tollgate.policy.snapshot.Snapshots.provider;
import static dev.tollgate.policy.snapshot.Snapshots.target;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Traits;
import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.NamespaceSet;
import dev.tollgate.policy.snapshot.PriceEntry;
import dev.tollgate.policy.snapshot.SelectionEntry;
import dev.tollgate.policy.snapshot.SelectionEntry.Cascade;
import dev.tollgate.policy.snapshot.SelectionEntry.StepUp;
import dev.tollgate.policy.snapshot.Snapshots;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CascadeRuleTest {

    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");
    private static final Candidate DEAR = candidate("a-dear", 0, 9_000_000);
    private static final Candidate CHEAP = candidate("b-cheap", 0, 1_000_000);
    private static final Candidate MIDDLE = candidate("c-middle", 0, 3_000_000);
    private static final Candidate SPARE = candidate("d-spare", 1, 1);

    private static Candidate candidate(String name, int priority, long price) {
        var model = model("m");
        var priced =
                new ModelEntry(
                        model.name(),
                        model.aliases(),
                        new PriceEntry(
                                price, price, price, price, price, price, price, 0, List.of(), "p"),
                        model.contextTokens(),
                        model.maxOutputTokens(),
                        model.capabilities(),
                        model.quality(),
                        model.imageTokens());
        var provider = provider("ns/" + name, null, NamespaceSet.everyone(), priced);
        return new Candidate(target(name, provider.key(), "m", priority, 1), provider, priced);
    }

    private static RoutePlan plan(int maxSteps, Candidate... candidates) {
        var cascade = new Cascade(EnumSet.allOf(StepUp.class), maxSteps, 60);
        return new RoutePlan(
                "ns/p",
                "ns/p/r",
                "r",
                true,
                List.of(candidates),
                List.of(),
                new SelectionEntry(
                        SelectionEntry.Type.CASCADE, false, null, false, 0, null, cascade),
                Traits.NONE,
                null,
                List.of(),
                null,
                null,
                Snapshots.RETRY,
                null,
                null,
                null);
    }

    private static AttemptRule.Circumstances fine() {
        return new AttemptRule.Circumstances(
                Telemetry.NONE, NOW, NOW.plusSeconds(60), true, new Random(7));
    }

    private static List<Attempt> poor(Candidate... candidates) {
        var attempts = new ArrayList<Attempt>();
        for (var candidate : candidates) {
            attempts.add(new Attempt(candidate, new Outcome.Poor()));
        }
        return attempts;
    }

    private static boolean judges(RoutePlan plan, List<Attempt> before, Candidate candidate) {
        return CascadeRule.judges(plan, before, candidate, Telemetry.NONE, NOW, new Random(7));
    }

    @Test
    void stepsUpInOrderOfCostThenOfPriority() {
        var plan = plan(4, DEAR, CHEAP, MIDDLE, SPARE);
        assertThat(Selection.first(plan, Telemetry.NONE, NOW, new Random(7)))
                .isInstanceOfSatisfying(
                        Selection.Chosen.class,
                        chosen -> assertThat(chosen.candidate()).isEqualTo(CHEAP));
        assertThat(AttemptRule.decide(plan, poor(CHEAP), fine()))
                .isEqualTo(new Decision.StepUp(MIDDLE));
        assertThat(AttemptRule.decide(plan, poor(CHEAP, MIDDLE), fine()))
                .isEqualTo(new Decision.StepUp(DEAR));
        assertThat(AttemptRule.decide(plan, poor(CHEAP, MIDDLE, DEAR), fine()))
                .isEqualTo(new Decision.StepUp(SPARE));
        assertThat(AttemptRule.decide(plan, poor(CHEAP, MIDDLE, DEAR, SPARE), fine()))
                .isEqualTo(new Decision.GiveUp(Decision.Reason.STEPS_SPENT));
    }

    @Test
    void asksNoMoreTargetsThanItMay() {
        var plan = plan(2, DEAR, CHEAP, MIDDLE);
        assertThat(judges(plan, List.of(), CHEAP)).isTrue();
        assertThat(judges(plan, poor(CHEAP), MIDDLE)).isFalse();
        assertThat(AttemptRule.decide(plan, poor(CHEAP, MIDDLE), fine()))
                .isEqualTo(new Decision.GiveUp(Decision.Reason.STEPS_SPENT));
        assertThat(judges(plan(1, DEAR, CHEAP), List.of(), CHEAP)).isFalse();
    }

    @Test
    void letsTheAnswerOfTheLastTargetThrough() {
        var plan = plan(3, DEAR, CHEAP);
        assertThat(judges(plan, List.of(), CHEAP)).isTrue();
        assertThat(judges(plan, poor(CHEAP), DEAR)).isFalse();
        assertThat(judges(plan(3, CHEAP), List.of(), CHEAP)).isFalse();
        Telemetry open =
                (provider, model) ->
                        provider.equals("ns/a-dear")
                                ? new TargetState(true, false, null, -1, -1, 0)
                                : TargetState.FINE;
        assertThat(CascadeRule.judges(plan, List.of(), CHEAP, open, NOW, new Random(7))).isFalse();
    }

    @Test
    void isNoRetry() {
        var plan = plan(16, DEAR, CHEAP, MIDDLE, SPARE);
        var noRetries =
                new AttemptRule.Circumstances(
                        Telemetry.NONE, NOW, NOW.plusSeconds(60), false, new Random(7));
        assertThat(AttemptRule.decide(plan, poor(CHEAP), noRetries))
                .isEqualTo(new Decision.StepUp(MIDDLE));
        // three attempts are allowed, and only one of these was a try
        var attempts = poor(CHEAP, MIDDLE);
        attempts.add(new Attempt(DEAR, new Outcome.Timeout()));
        assertThat(AttemptRule.decide(plan, attempts, fine()))
                .isEqualTo(new Decision.Retry(SPARE, Duration.ZERO));
    }

    @Test
    void stepsUpNoMoreAtTheDeadline() {
        var over = new AttemptRule.Circumstances(Telemetry.NONE, NOW, NOW, true, new Random(7));
        assertThat(AttemptRule.decide(plan(3, DEAR, CHEAP), poor(CHEAP), over))
                .isEqualTo(new Decision.GiveUp(Decision.Reason.DEADLINE));
    }

    @Test
    void wantsABetterAnswerForTheCausesOfTheRuleAlone() {
        var empty = new Assessment(true, false, false, false, false, OptionalInt.empty());
        var cut = new Assessment(false, true, false, false, false, OptionalInt.empty());
        var refused = new Assessment(false, false, true, false, false, OptionalInt.empty());
        var noJson = new Assessment(false, false, false, true, false, OptionalInt.empty());
        var doubt = new Assessment(false, false, false, false, true, OptionalInt.empty());
        assertThat(causes(empty)).containsExactly(StepUp.FAILURE);
        assertThat(causes(cut)).containsExactly(StepUp.FAILURE);
        assertThat(causes(refused)).containsExactly(StepUp.REFUSAL);
        assertThat(causes(noJson)).containsExactly(StepUp.INVALID_JSON);
        assertThat(causes(doubt)).containsExactly(StepUp.LOW_CONFIDENCE);
        assertThat(causes(Assessment.GOOD)).isEmpty();
    }

    private static Set<StepUp> causes(Assessment answer) {
        var found = EnumSet.noneOf(StepUp.class);
        for (var cause : StepUp.values()) {
            if (CascadeRule.isPoor(new Cascade(Set.of(cause), 3, 60), answer)) {
                found.add(cause);
            }
        }
        return found;
    }

    @Test
    void believesFiguresMoreThanWords() {
        var sure = new Assessment(false, false, false, false, true, OptionalInt.of(60));
        var unsure = new Assessment(false, false, false, false, false, OptionalInt.of(59));
        assertThat(causes(sure)).isEmpty();
        assertThat(causes(unsure)).containsExactly(StepUp.LOW_CONFIDENCE);
    }

    @Test
    void keepsADoubtfulAnswerRatherThanNone() {
        var empty = new Assessment(true, false, false, false, false, OptionalInt.empty());
        var refused = new Assessment(false, false, true, false, true, OptionalInt.empty());
        var noJson = new Assessment(false, true, false, true, false, OptionalInt.empty());
        var cut = new Assessment(false, true, false, false, false, OptionalInt.empty());
        var doubt = new Assessment(false, false, false, false, true, OptionalInt.empty());
        assertThat(List.of(doubt, cut, noJson, refused, empty))
                .isSortedAccordingTo(
                        (a, b) -> Integer.compare(CascadeRule.poverty(a), CascadeRule.poverty(b)))
                .doesNotHaveDuplicates();
    }
}
