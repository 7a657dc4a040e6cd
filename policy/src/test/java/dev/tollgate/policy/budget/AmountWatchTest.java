package dev.tollgate.policy.budget;

import static dev.tollgate.policy.budget.LedgerModel.KEY;
import static dev.tollgate.policy.budget.LedgerModel.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.LedgerModel.Store;
import dev.tollgate.policy.budget.LedgerModel.StoreMood;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A changed amount that does not get into its account is found, and others are not. */
class AmountWatchTest {

    private final Store store = new Store(Map.of(), StoreMood.WORKS);
    private final LedgerService ledger = new LedgerService(store, 1);
    private final AmountWatch watch = new AmountWatch(ledger);
    private final List<AmountWatch.Late> late = new ArrayList<>();
    private Instant now = NOW;

    @BeforeEach
    void anAccount() {
        compiled(100, true);
        var holder = new HolderId("one", 1);
        ledger.handle(new LedgerCommand.Register(holder, "pod-one", List.of()), now);
        ledger.handle(new LedgerCommand.Acquire(holder, 1, KEY, 20, 20, true), now);
        assertThat(ledger.accounts()).hasSize(1);
    }

    /**
     * @param told the ledger is told of it; else it never is, as by a bug
     */
    private void compiled(long amount, boolean told) {
        watch.budgets(List.of(LedgerModel.budget(amount)), now);
        if (told) {
            ledger.updateBudgets(List.of(LedgerModel.budget(amount)), now);
        }
    }

    private void look(int seconds, @Nullable Instant silent) {
        for (var i = 0; i < seconds; i++) {
            now = now.plusSeconds(1);
            late.addAll(watch.look(silent, now));
        }
    }

    @Test
    void anAmountThatIsInForceSoonIsNotLate() {
        for (var amount : new long[] {200, 50, 100}) {
            compiled(amount, false);
            look(5, null);
            ledger.updateBudgets(List.of(LedgerModel.budget(amount)), now);
            look(10, null);
        }
        assertThat(late).isEmpty();
    }

    @Test
    void anAmountThatIsNotInForceIsLateAfterFiveSecondsOnceForEachChange() {
        compiled(200, false);
        look(5, null);
        assertThat(late).isEmpty();
        look(1, null);
        assertThat(late).containsExactly(new AmountWatch.Late(KEY, 200, 100, NOW, false));
        look(20, null);
        assertThat(late).hasSize(1);
        compiled(300, false);
        look(6, null);
        assertThat(late).extracting(AmountWatch.Late::amountMicros).containsExactly(200L, 300L);
    }

    @Test
    void theTimeInWhichTheStoreIsSilentIsNotTheLedgers() {
        compiled(200, false);
        for (var i = 0; i < 20; i++) {
            look(1, now.plusSeconds(1));
        }
        assertThat(late).containsExactly(new AmountWatch.Late(KEY, 200, 100, NOW, true));
        var silent = now;
        look(5, silent);
        assertThat(late).hasSize(1);
        look(1, silent);
        assertThat(late).as("it answers again").hasSize(2);
        assertThat(late.getLast().storeSilent()).isFalse();
    }

    @Test
    void aStoreThatWasSilentBeforeIsNoExcuse() {
        compiled(200, false);
        look(6, NOW);
        assertThat(late).extracting(AmountWatch.Late::storeSilent).containsExactly(false);
    }

    @Test
    void aProcessThatWasStoppedHasNotLooked() {
        compiled(200, false);
        look(2, null);
        now = now.plusSeconds(60);
        look(2, null);
        assertThat(late).as("the ledger was stopped too").isEmpty();
        look(1, null);
        assertThat(late).hasSize(1);
    }

    @Test
    void accountsOfOtherWindowsKeepTheirAmounts() {
        now = KEY.window().end();
        compiled(200, false);
        look(10, null);
        assertThat(late).as("it is over").isEmpty();
        now = NOW;
        var daily = new Period(Period.Type.DAY, "UTC", 1);
        var entry = BudgetBuilder.as(LedgerModel.budget(200)).period(daily).build();
        watch.budgets(List.of(entry), now);
        look(10, null);
        assertThat(late).as("of a period that the Budget had before").isEmpty();
        watch.budgets(List.of(), now);
        look(10, null);
        assertThat(late).as("it is gone").isEmpty();
    }

    @Test
    void anAccountThatIsBackBeforeItIsLateBeginsAnew() {
        compiled(200, false);
        look(4, null);
        compiled(100, false);
        look(1, null);
        compiled(200, false);
        look(5, null);
        assertThat(late).isEmpty();
        assertThat(Duration.between(NOW, now)).isGreaterThan(AmountWatch.WITHIN);
    }
}
