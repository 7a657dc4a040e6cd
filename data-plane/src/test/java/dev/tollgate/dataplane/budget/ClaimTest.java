package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClaimTest {

    private static final Money CENT = Money.parse("0.01");
    private static final Money LEAST = Money.parse("0.004");

    private static final BudgetEntry CLAMPS = Budgets.hard("team-a/clamps", 1_000_000);
    private static final BudgetEntry REFUSES =
            BudgetBuilder.as(Budgets.hard("team-a/refuses", 1_000_000))
                    .holding(new BudgetEntry.Holding(false, false))
                    .build();
    private static final BudgetEntry SOFT =
            Budgets.budget("team-a/soft", 1_000_000, Budgets.MONTH, Mode.SOFT);

    private static Claim claim(Money least) {
        return Budgets.claim("one", CENT, CLAMPS, REFUSES, SOFT).withLeast(() -> least);
    }

    @Test
    void needsOfABudgetThatAsksForLessOutputWhatTheShortestAnswerNeeds() {
        assertThat(claim(LEAST).needed("team-a/clamps")).isEqualTo(LEAST);
        assertThat(claim(LEAST).needed("team-a/refuses")).isEqualTo(CENT);
    }

    @Test
    void needsNoMoreThanItHolds() {
        assertThat(claim(Money.parse("0.02")).needed("team-a/clamps")).isEqualTo(CENT);
    }

    @Test
    void needsNothingOfABudgetThatRefusesNothingForWhatIsLeft() {
        assertThat(claim(LEAST).needed("team-a/soft")).isEqualTo(Money.ZERO);
    }

    @Test
    void needsNothingIfNoRequestIsRefusedWithIt() {
        assertThat(claim(Money.ZERO).needed("team-a/refuses")).isEqualTo(Money.ZERO);
        var step = claim(LEAST).more(LEAST, LEAST, List.of(CLAMPS, REFUSES));
        assertThat(step.needed("team-a/clamps")).isEqualTo(Money.ZERO);
        assertThat(step.needed("team-a/refuses")).isEqualTo(Money.ZERO);
    }
}
