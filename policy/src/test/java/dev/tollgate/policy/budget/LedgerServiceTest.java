package dev.tollgate.policy.budget;

import static dev.tollgate.policy.budget.LedgerModel.KEY;
import static dev.tollgate.policy.budget.LedgerModel.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.LedgerModel.Store;
import dev.tollgate.policy.budget.LedgerModel.StoreMood;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    @Test
    void grantsNothingOfANewStoreUntilAllProxiesHaveToldWhatTheyHold() {
        var fleet = new HashSet<>(Set.of("pod0"));
        var guarded = new LedgerService(store, 1, fleet::equals);
        guarded.freezeAll(NOW);
        guarded.updateBudgets(List.of(LedgerModel.budget(2)), NOW);
        guarded.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of()), NOW);
        assertThat(acquire(guarded, NOW))
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.FROZEN));

        fleet.add("pod1");
        var later = NOW.plus(LedgerService.FREEZE_MIN);
        guarded.tick(later);
        assertThat(acquire(guarded, later)).isInstanceOf(LedgerEffect.Denied.class);

        fleet.remove("pod1");
        guarded.tick(later.minusSeconds(1));
        assertThat(acquire(guarded, later)).isInstanceOf(LedgerEffect.Denied.class);
        guarded.tick(later);
        assertThat(acquire(guarded, later)).isInstanceOf(LedgerEffect.Grant.class);
    }

    private static LedgerEffect acquire(LedgerService ledger, Instant now) {
        return ledger.handle(new LedgerCommand.Acquire(HOLDER, 1, KEY, 2, 2, true), now).getFirst();
    }

    private void register(LeaseTotals... leases) {
        ledger.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of(leases)), NOW);
    }

    private static LeaseTotals lease(boolean closed) {
        return new LeaseTotals(KEY, 1, 2, 1, 0, 0, 0, 1, closed);
    }
}
