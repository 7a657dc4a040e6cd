package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** A Budget that is deleted and created again goes on with its account. */
class BudgetAccountTest {

    private static Budget budget(String uid) {
        var first = Given.budget("team-a/monthly", 1, Given.budgetSpec("10", null));
        var meta = first.metadata();
        return new Budget(
                new Metadata(
                        meta.namespace(),
                        meta.name(),
                        uid,
                        meta.generation(),
                        meta.creationTimestamp(),
                        meta.labels(),
                        meta.annotations()),
                first.spec(),
                null);
    }

    private static BudgetEntry compiled(Budget budget) {
        var compiled = Given.compile(Given.resources(List.of(), List.of(), List.of(budget)));
        return compiled.snapshot().budgets().getFirst();
    }

    private static void hasOneAccount(BiFunction<Budget, BudgetEntry, String> key) {
        var earlier = budget("6f1c");
        var later = budget("a2b9");
        assertThat(account(key.apply(later, compiled(later))))
                .as("account")
                .isEqualTo(account(key.apply(earlier, compiled(earlier))));
    }

    private static AccountKey account(String key) {
        return AccountKey.of(key, "", Window.LIFETIME);
    }

    @Test
    void hasTheAccountOfItsName() {
        hasOneAccount((budget, entry) -> entry.key());
    }

    @Test
    void catchesAnAccountOfTheUid() {
        assertThatThrownBy(
                        () ->
                                hasOneAccount(
                                        (budget, entry) ->
                                                entry.key() + "." + budget.metadata().uid()))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("account");
    }
}
