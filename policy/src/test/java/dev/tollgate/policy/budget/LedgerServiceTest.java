package dev.tollgate.policy.budget;

import static dev.tollgate.policy.budget.LedgerModel.KEY;
import static dev.tollgate.policy.budget.LedgerModel.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.LedgerModel.Store;
import dev.tollgate.policy.budget.LedgerModel.StoreMood;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Courses of events that the search of all states once found. */
class LedgerServiceTest {

    private static final HolderId HOLDER = new HolderId("p0", 1);

    private final Store store = new Store(Map.of(), StoreMood.WORKS);
    private final LedgerService ledger = new LedgerService(store, 1);

    @Test
    void aLateRegisterOpensNoLeaseThatAnotherRegisterHasClosed() {
        ledger.updateBudgets(List.of(LedgerModel.budget(2)), NOW);
        register();
        ledger.handle(new LedgerCommand.Acquire(HOLDER, 1, KEY, 2, 2, true), NOW);

        register(lease(true));
        register(lease(false));

        var account = store.accounts.get(KEY);
        assertThat(account.settledMicros()).isEqualTo(1);
        assertThat(account.leases()).isEmpty();
    }

    private void register(LeaseTotals... leases) {
        ledger.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of(leases)), NOW);
    }

    private static LeaseTotals lease(boolean closed) {
        return new LeaseTotals(KEY, 1, 2, 1, 0, 0, 0, 1, closed);
    }
}
