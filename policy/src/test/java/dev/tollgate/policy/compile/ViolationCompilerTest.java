package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.Decoded;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import dev.tollgate.policy.snapshot.SnapshotValidator;
import dev.tollgate.policy.violation.Violation;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ViolationCompilerTest {

    private static final String KEY = "team-a/monthly";
    private static final Instant SEEN = Instant.parse("2026-11-02T08:00:00.250Z");

    private static Budget budget(BudgetSpec spec, @Nullable String acknowledgedAt) {
        return new Budget(
                new Metadata(
                        "team-a",
                        "monthly",
                        "uid",
                        1,
                        null,
                        Map.of(),
                        acknowledgedAt == null
                                ? Map.of()
                                : Map.of(Violation.ACKNOWLEDGED_AT, acknowledgedAt)),
                spec,
                null);
    }

    private static Compiled compile(Budget budget, LastAccepted last) {
        return compile(budget, last, true);
    }

    private static Compiled compile(Budget budget, LastAccepted last, boolean stops) {
        return Compiler.compile(
                Given.resources(List.of(), List.of(), List.of(budget)),
                Given.SETTINGS,
                last,
                Map.of(),
                Map.of(KEY, new ViolationStatus(SEEN, "req_1", "2", "1", "proxy-1", stops)));
    }

    private static BudgetEntry entry(@Nullable String acknowledgedAt) {
        var compiled =
                compile(budget(Given.budgetSpec("5", null), acknowledgedAt), LastAccepted.NONE);
        assertThat(SnapshotValidator.validate(compiled.snapshot())).isEmpty();
        var read = SnapshotCodec.decode(SnapshotCodec.encode(compiled.snapshot()));
        assertThat(read).isEqualTo(new Decoded.Readable(compiled.snapshot()));
        return compiled.snapshot().budgets().getFirst();
    }

    @Test
    void aHardBudgetIsStoppedUntilAtLeastItsTimeIsAcknowledged() {
        assertThat(entry(null).violated()).isTrue();
        assertThat(entry("2026-11-02T08:00:00Z").violated()).isTrue();
        assertThat(entry("2026-11-02T08:00:00.250Z").violated()).isFalse();
        assertThat(entry("2026-11-02T09:00:01+01:00").violated()).isFalse();
    }

    @Test
    void oneOfAnotherNamespacesProviderIsToldAndStopsNothing() {
        var compiled = compile(budget(Given.budgetSpec("5", null), null), LastAccepted.NONE, false);
        var entry = compiled.snapshot().budgets().getFirst();
        assertThat(entry.violated()).isFalse();
        assertThat(entry.toldAtMillis()).isEqualTo(SEEN.toEpochMilli());
        var read = SnapshotCodec.decode(SnapshotCodec.encode(compiled.snapshot()));
        assertThat(read).isEqualTo(new Decoded.Readable(compiled.snapshot()));
    }

    @Test
    void acknowledgesAtMostADayAhead() {
        var spec = Given.budgetSpec("5", null);
        var day = Given.SETTINGS.now().plus(Violation.AHEAD);
        assertThat(entry(day.toString()).acknowledgedAtMillis()).isEqualTo(day.toEpochMilli());
        var first = compile(budget(spec, null), LastAccepted.NONE);
        var late = budget(spec, day.plusMillis(1).toString());
        var second = compile(late, first.accepted());
        assertThat(second.verdicts().get(late.key()).accepted()).isFalse();
        assertThat(second.verdicts().get(late.key()).problems().toString())
                .contains("expected: at most a day ahead");
        assertThat(second.snapshot().budgets().getFirst().violated()).isTrue();
    }

    @Test
    void softAndShadowBudgetsAreNotStopped() {
        for (var mode : Mode.values()) {
            var entry = BudgetBuilder.as(entry(null)).mode(mode).build();
            assertThat(entry.violated()).isEqualTo(mode == Mode.HARD);
        }
    }

    @Test
    void whatServesOnInPlaceOfAnInvalidSpecStaysStoppedAndIsAcknowledged() {
        var first = compile(budget(Given.budgetSpec("5", null), null), LastAccepted.NONE);
        var invalid = Given.budgetSpec("-5", null);
        var second = compile(budget(invalid, null), first.accepted());
        assertThat(second.snapshot().budgets().getFirst().limitMicros()).isEqualTo(5_000_000);
        assertThat(second.snapshot().budgets().getFirst().violated()).isTrue();
        var third = compile(budget(invalid, "2026-11-02T08:00:01Z"), second.accepted());
        assertThat(third.snapshot().budgets().getFirst().violatedAtMillis()).isNotNull();
        assertThat(third.snapshot().budgets().getFirst().violated()).isFalse();
    }

    @Test
    void anUnreadableAcknowledgementOfAnAcceptedBudgetLiftsNothing() {
        var first = compile(budget(Given.budgetSpec("5", null), null), LastAccepted.NONE);
        var second = compile(budget(Given.budgetSpec("5", null), "soon"), first.accepted());
        assertThat(second.snapshot().budgets().getFirst().violated()).isTrue();
        assertThat(
                        second.verdicts()
                                .get(budget(Given.budgetSpec("5", null), null).key())
                                .accepted())
                .isFalse();
    }

    @Test
    void aBudgetWithoutAnAmountIsNotStopped() {
        var limits =
                new BudgetSpec(
                        null, null, null, "1", null, null, List.of(), List.of(), List.of(), null,
                        null, null);
        var compiled = compile(budget(limits, null), LastAccepted.NONE);
        assertThat(SnapshotValidator.validate(compiled.snapshot())).isEmpty();
        assertThat(compiled.snapshot().budgets().getFirst().violatedAtMillis()).isNull();
    }
}
