package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TagValuesTest {

    private final TagValues values = new TagValues();

    private static BudgetEntry budget(String key, BudgetEntry.Tag... tags) {
        return BudgetBuilder.budget(key).tags(tags).build();
    }

    private String feature(BudgetEntry budget, String value) {
        return values.of(List.of(budget), Map.of("x-feature", value)::get).get("feature");
    }

    @Test
    void newValuesBeyondTheMostAreOtherAndKnownOnesStay() {
        var budget = budget("team-a/one", new BudgetEntry.Tag("feature", "x-feature", 2));
        assertThat(feature(budget, "search")).isEqualTo("search");
        assertThat(feature(budget, "chat")).isEqualTo("chat");
        assertThat(feature(budget, "mail")).isEqualTo("_other");
        assertThat(feature(budget, "search")).isEqualTo("search");
    }

    @Test
    void eachBudgetHasValuesOfItsOwn() {
        var tag = new BudgetEntry.Tag("feature", "x-feature", 1);
        assertThat(feature(budget("team-a/one", tag), "search")).isEqualTo("search");
        assertThat(feature(budget("team-a/two", tag), "chat")).isEqualTo("chat");
    }

    @Test
    void aTagIsNamedAsTheBudgetSaysAndReadFromItsHeader() {
        var budget = budget("team-a/one", new BudgetEntry.Tag("cost-centre", "x-feature", 2));
        assertThat(values.of(List.of(budget), Map.of("x-feature", "4711")::get))
                .isEqualTo(Map.of("cost-centre", "4711"));
        assertThat(values.of(List.of(budget), Map.of("x-other", "4711")::get)).isEmpty();
    }

    @Test
    void aLongValueIsCut() {
        var budget = budget("team-a/one", new BudgetEntry.Tag("feature", "x-feature", 2));
        assertThat(feature(budget, "a".repeat(65))).isEqualTo("a".repeat(64));
    }

    @Test
    void forgetsTheValuesOfABudgetThatIsGone() {
        var tag = new BudgetEntry.Tag("feature", "x-feature", 1);
        assertThat(feature(budget("team-a/one", tag), "search")).isEqualTo("search");
        assertThat(feature(budget("team-a/two", tag), "search")).isEqualTo("search");
        values.retain(List.of(budget("team-a/two", tag)));
        assertThat(feature(budget("team-a/one", tag), "chat")).isEqualTo("chat");
        assertThat(feature(budget("team-a/two", tag), "chat")).isEqualTo("_other");
    }
}
