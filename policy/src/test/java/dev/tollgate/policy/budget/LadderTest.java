package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LadderTest {

    private static final Step WARN = new Step("warn", 70, Step.Action.ALERT, null, null);
    private static final Step SAVE = new Step("save", 85, Step.Action.DOWNGRADE, "cheap", null);
    private static final Step SAVE_MORE =
            new Step("save-more", 90, Step.Action.DOWNGRADE, "cheapest", null);
    private static final Step TRIM = new Step("trim", 95, Step.Action.CAP_OUTPUT, null, 1_024L);
    private static final Step STOP = new Step("stop", 98, Step.Action.BLOCK, null, null);

    private static BudgetEntry budget(String name, Mode mode, long limitMicros, Step... steps) {
        return BudgetBuilder.budget("team-a/" + name)
                .limit(limitMicros)
                .steps(List.of(steps))
                .mode(mode)
                .build();
    }

    private static Ladder at(long spent, BudgetEntry... budgets) {
        return Ladder.of(List.of(budgets), b -> spent);
    }

    @Test
    void asksForNothingBelowItsFirstStep() {
        assertThat(at(699, budget("a", Mode.HARD, 1_000, WARN, SAVE))).isEqualTo(Ladder.NONE);
    }

    @Test
    void reachesAStepAtItsPercentExactly() {
        var ladder = at(700, budget("a", Mode.HARD, 1_000, WARN, SAVE));
        assertThat(ladder.steps()).containsExactly("team-a/a/warn");
        assertThat(ladder.downgradeTo()).isNull();
    }

    @Test
    void holdsTheHighestStepOfEachAction() {
        var ladder = at(960, budget("a", Mode.HARD, 1_000, WARN, SAVE, SAVE_MORE, TRIM, STOP));
        assertThat(ladder.steps())
                .containsExactly("team-a/a/warn", "team-a/a/save-more", "team-a/a/trim");
        assertThat(ladder.downgradeTo()).isEqualTo("cheapest");
        assertThat(ladder.maxOutputTokens()).hasValue(1_024);
    }

    @Test
    void takesTheLowestCapOfSeveralBudgets() {
        var lower = new Step("tight", 10, Step.Action.CAP_OUTPUT, null, 100L);
        var ladder =
                at(950, budget("a", Mode.HARD, 1_000, TRIM), budget("b", Mode.SOFT, 1_000, lower));
        assertThat(ladder.maxOutputTokens()).hasValue(100);
    }

    @Test
    void onlyTellsInModeShadow() {
        var ladder = at(1_000, budget("a", Mode.SHADOW, 1_000, SAVE, TRIM));
        assertThat(ladder.steps()).containsExactly("team-a/a/save", "team-a/a/trim");
        assertThat(ladder.downgradeTo()).isNull();
        assertThat(ladder.maxOutputTokens()).isEmpty();
    }

    @Test
    void blocksFromItsPercentOn() {
        var budget = budget("a", Mode.HARD, 1_000, STOP);
        assertThat(Ladder.block(budget, 979)).isNull();
        assertThat(Ladder.block(budget, 980)).isEqualTo(STOP);
    }

    @Property
    void reachesAStepExactlyWhenItsShareIsSpent(
            @ForAll @LongRange(min = 1, max = Account.MAX_MICROS) long limit,
            @ForAll @LongRange(min = 0, max = Account.MAX_MICROS) long spent,
            @ForAll @IntRange(min = 1, max = 100) int percent) {
        var step = new Step("s", percent, Step.Action.ALERT, null, null);
        // in doubles, which are exact enough but next to the border
        double share = 100.0 * spent / limit;
        if (Math.abs(share - percent) > 1e-6) {
            assertThat(Ladder.reached(budget("a", Mode.HARD, limit, step), spent))
                    .hasSize(share > percent ? 1 : 0);
        }
    }
}
