package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.violation.Violation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BoundViolationsTest {

    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00.250Z");
    private static final Money COST = Money.parse("0.5");
    private static final Money BOUND = Money.parse("0.2");
    private static final BudgetEntry BUDGET = Budgets.hard("team-a/monthly", 1_000_000);

    @TempDir Path folder;
    private Path file;
    private BoundViolations violations;

    @BeforeEach
    void open() {
        file = folder.resolve("violations.json");
        violations = BoundViolations.in(file);
        violations.budgets(List.of(BUDGET));
    }

    /** Nothing is written after that. */
    @AfterEach
    void flush() {
        violations.flush();
    }

    private static void saw(BoundViolations violations, String budget, Instant at) {
        violations.saw(new Violation(budget, at, "req_1", COST, BOUND, true));
    }

    private void saw(Instant at) {
        saw(violations, BUDGET.key(), at);
    }

    private static BudgetEntry entry(@Nullable Instant violated, @Nullable Instant acknowledged) {
        return BudgetBuilder.as(BUDGET).violatedAt(violated).acknowledgedAt(acknowledged).build();
    }

    private Admission.@Nullable Refused held(BudgetEntry entry) {
        return Holds.first(List.of(entry), "team-a", violations);
    }

    @Test
    void stopsAHardBudgetAtOnceAndSaysWhyAndHowToGoOn() {
        assertThat(held(BUDGET)).isNull();
        saw(NOW);
        var refused = held(BUDGET);
        assertThat(refused.kind()).isEqualTo(RefusalKind.SUSPENDED);
        assertThat(refused.message())
                .contains("team-a/monthly", "req_1", "0.5 USD", "0.2 USD")
                .contains("tollgate.dev/violation-acknowledged-at=2026-11-22T10:00:00.250Z");
        assertThat(held(Budgets.hard("team-a/other", 1))).isNull();
    }

    @ParameterizedTest
    @EnumSource(
            value = Mode.class,
            names = {"SOFT", "SHADOW"})
    void tellsOfOthersAndStopsThemNot(Mode mode) {
        var entry = BudgetBuilder.as(BUDGET).mode(mode).build();
        violations.budgets(List.of(entry));
        saw(NOW);
        assertThat(held(entry)).isNull();
        assertThat(violations.untold()).hasSize(1);
        assertThat(held(BudgetBuilder.as(entry(NOW, null)).mode(mode).build())).isNull();
    }

    @Test
    void oneThatDidNotSeeItStopsByTheSnapshot() {
        var other = BoundViolations.unkept();
        var stopped = Holds.first(List.of(entry(NOW, null)), "team-a", other);
        assertThat(stopped.kind()).isEqualTo(RefusalKind.SUSPENDED);
        assertThat(stopped.message())
                .contains("tollgate.dev/violation-acknowledged-at=2026-11-22T10:00:00.250Z");
        assertThat(Holds.first(List.of(entry(NOW, NOW.minusMillis(1))), "team-a", other))
                .isNotNull();
        assertThat(Holds.first(List.of(entry(NOW, NOW)), "team-a", other)).isNull();
    }

    @Test
    void anAcknowledgementLiftsWhatIsNotLater() {
        saw(NOW);
        assertThat(held(entry(null, NOW.minusMillis(1)))).isNotNull();
        assertThat(held(entry(null, NOW))).isNull();
    }

    @Test
    void whatIsAcknowledgedInAdvanceIsNot() {
        var future = NOW.plusSeconds(1_000_000);
        violations.budgets(List.of(entry(null, future)));
        saw(NOW);
        assertThat(held(entry(null, future))).isNotNull();
        assertThat(violations.untold())
                .extracting(Violation::at)
                .containsExactly(future.plusMillis(1));
        assertThat(held(entry(null, future.plusMillis(1)))).isNull();
    }

    @Test
    void survivesTheProcess() {
        saw(NOW);
        violations.flush();
        violations = BoundViolations.in(file);
        assertThat(held(BUDGET).message()).contains("req_1", "0.5 USD", "0.2 USD");
        violations.budgets(List.of(BUDGET));
        assertThat(violations.untold())
                .containsExactly(new Violation(BUDGET.key(), NOW, "req_1", COST, BOUND, true));
    }

    @Test
    void survivesTheDeletionOfTheBudgetUntilItIsAcknowledged() {
        saw(NOW);
        violations.budgets(List.of());
        assertThat(violations.untold()).isEmpty();
        assertThat(held(BUDGET)).isNotNull();

        violations.budgets(List.of(entry(null, NOW)));
        assertThat(held(BUDGET)).isNotNull();
        violations.flush();
        violations = BoundViolations.in(file);
        violations.budgets(List.of());
        assertThat(held(BUDGET)).isNull();
    }

    @Test
    void isToldUntilTheSnapshotShowsIt() {
        var runs = new AtomicInteger();
        violations.whenSeen(runs::incrementAndGet);
        saw(NOW);
        assertThat(runs).hasValue(1);
        assertThat(violations.untold()).hasSize(1);
        violations.budgets(List.of(entry(NOW.minusMillis(1), null)));
        assertThat(violations.untold()).hasSize(1);
        violations.budgets(List.of(entry(NOW, null)));
        assertThat(violations.untold()).isEmpty();
        violations.budgets(List.of(entry(null, NOW)));
        assertThat(violations.untold()).isEmpty();
    }

    @Test
    void othersAreNotToldWhichRequestItWas() {
        saw(NOW);
        var told = Holds.first(List.of(BUDGET), "team-b", violations);
        assertThat(told.message())
                .contains("team-a/monthly", NOW.toString())
                .doesNotContain("req_1", "0.5 USD");
    }

    @Test
    void isToldAgainIfTheSnapshotForgetsIt() {
        var runs = new AtomicInteger();
        saw(NOW);
        violations.whenSeen(runs::incrementAndGet);
        violations.budgets(List.of(entry(NOW, null)));
        assertThat(runs).hasValue(0);
        violations.budgets(List.of(entry(null, null)));
        assertThat(runs).hasValue(1);
        violations.budgets(List.of(entry(null, null)));
        assertThat(runs).hasValue(1);
    }

    @Test
    void oneThatStopsNothingIsToldAndHidesNoneThatStops() {
        violations.saw(new Violation(BUDGET.key(), NOW, "req_0", COST, BOUND, false));
        assertThat(held(BUDGET)).isNull();
        assertThat(violations.untold()).hasSize(1);
        var shown = BudgetBuilder.as(BUDGET).toldAt(NOW).build();
        assertThat(held(shown)).isNull();
        violations.budgets(List.of(shown));
        assertThat(violations.untold()).isEmpty();

        saw(NOW);
        assertThat(held(BUDGET).message()).contains("req_1");
        assertThat(violations.untold()).extracting(Violation::request).containsExactly("req_1");
        violations.saw(
                new Violation(BUDGET.key(), NOW.plusSeconds(1), "req_2", COST, BOUND, false));
        violations.flush();
        violations = BoundViolations.in(file);
        assertThat(held(BUDGET).message()).contains("req_1");
    }

    @Test
    void forgetsWhatIsAcknowledgedThenWhatWasTold() {
        violations = BoundViolations.unkept();
        var entries = new ArrayList<BudgetEntry>();
        for (var i = 0; i < BoundViolations.MAX_KEPT; i++) {
            var entry = Budgets.hard("team-a/b" + i, 1);
            saw(violations, entry.key(), NOW.plusMillis(i));
            entries.add(entry);
        }
        var at = NOW.plusSeconds(10);
        entries.set(7, BudgetBuilder.as(entries.get(7)).acknowledgedAt(at).build());
        entries.set(5, BudgetBuilder.as(entries.get(5)).violatedAt(at).build());
        violations.budgets(entries);
        saw(violations, "team-a/c", at);
        assertThat(held(Budgets.hard("team-a/b7", 1))).isNull();
        assertThat(held(Budgets.hard("team-a/b5", 1))).isNotNull();
        saw(violations, "team-a/d", at);
        assertThat(held(Budgets.hard("team-a/b5", 1))).isNull();
        assertThat(held(Budgets.hard("team-a/b0", 1))).isNotNull();
    }

    @Test
    void oneIsEnoughUntilItIsAcknowledged() {
        var runs = new AtomicInteger();
        violations.whenSeen(runs::incrementAndGet);
        saw(NOW);
        saw(NOW.plusSeconds(1));
        violations.budgets(List.of(entry(NOW, null)));
        saw(NOW.plusSeconds(2));
        assertThat(runs).hasValue(1);
        violations.budgets(List.of(entry(NOW, NOW.plusSeconds(3))));
        saw(NOW.plusSeconds(4));
        assertThat(runs).hasValue(2);
        assertThat(violations.untold())
                .extracting(Violation::at)
                .containsExactly(NOW.plusSeconds(4));
    }

    @Test
    void whatTheFleetIsStoppedByAlreadyIsNotToldAgain() {
        violations.budgets(List.of(entry(NOW, null)));
        saw(NOW.plusSeconds(1));
        assertThat(violations.untold()).isEmpty();
    }

    @Test
    void forgetsTheOldestOfTooMany() {
        violations = BoundViolations.unkept();
        for (var i = 0; i <= BoundViolations.MAX_KEPT; i++) {
            saw(violations, "team-a/b" + i, NOW.plusMillis(i));
        }
        assertThat(held(Budgets.hard("team-a/b0", 1))).isNull();
        assertThat(held(Budgets.hard("team-a/b1", 1))).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{\"a/b\":",
                "{\"a/b\":{\"at\":\"yesterday\",\"request\":\"r\",\"cost\":\"1\",\"bound\":\"1\"}}",
                "{\"a/b\":{\"at\":\"2026-11-01T10:00:00Z\",\"request\":\"r\",\"cost\":\"much\",\"bound\":\"1\"}}"
            })
    void aFileThatCannotBeReadHoldsNoneAndIsReplaced(String text) throws Exception {
        Files.writeString(file, text);
        violations = BoundViolations.in(file);
        assertThat(held(BUDGET)).isNull();
        violations.budgets(List.of(BUDGET));
        saw(NOW);
        violations.flush();
        violations = BoundViolations.in(file);
        assertThat(held(BUDGET)).isNotNull();
    }
}
