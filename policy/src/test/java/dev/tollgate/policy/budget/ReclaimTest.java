package dev.tollgate.policy.budget;

import static dev.tollgate.policy.budget.LedgerModel.KEY;
import static dev.tollgate.policy.budget.LedgerModel.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.policy.budget.LedgerModel.Store;
import dev.tollgate.policy.budget.LedgerModel.StoreMood;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Giving back what a lost holder has, and what becomes of that holder if it comes back. */
class ReclaimTest {

    private static final HolderId LOST = new HolderId("lost", 1);
    private static final HolderId OTHER = new HolderId("other", 1);
    private static final String BUDGET = "team-a/monthly";

    private final Store store = new Store(Map.of(), StoreMood.WORKS);
    private final LedgerService ledger = new LedgerService(store, 1);
    private final List<LedgerEffect> sent = new ArrayList<>();

    /** One has 6 of 10 and has told of 2 that it spent; the other was refused 8. */
    @BeforeEach
    void aLeaseOfAHolderThatIsGone() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register(ledger, LOST);
        register(ledger, OTHER);
        assertThat(acquire(LOST, 1, 6)).isInstanceOf(LedgerEffect.Grant.class);
        ledger.handle(new LedgerCommand.Report(LOST, List.of(told(6, 2, 0, false))), NOW);
        assertThat(acquire(OTHER, 1, 8)).isInstanceOf(LedgerEffect.Denied.class);
    }

    private static List<LedgerEffect> register(
            LedgerService ledger, HolderId holder, LeaseTotals... leases) {
        return ledger.handle(
                new LedgerCommand.Register(holder, "pod-" + holder.logId(), List.of(leases)), NOW);
    }

    private LedgerEffect acquire(HolderId holder, int request, long micros) {
        return ledger.handle(
                        new LedgerCommand.Acquire(holder, request, KEY, micros, micros, true), NOW)
                .getFirst();
    }

    private static LeaseTotals told(long amount, long settled, long returned, boolean closed) {
        return new LeaseTotals(KEY, 1, amount, settled, returned, 0, 0, 1, closed);
    }

    private Reclaimed reclaim(HolderId holder) {
        return ledger.reclaim(BUDGET, holder, NOW, sent::addAll);
    }

    private Account account() {
        return store.accounts.get(KEY);
    }

    @Test
    void givesBackWhatIsNotSettledAndTellsWhoWaits() {
        ledger.disconnected(LOST);

        assertThat(reclaim(LOST)).isEqualTo(new Reclaimed.Done(2, 4));

        assertThat(account().remainingMicros()).isEqualTo(8);
        assertThat(account().settledMicros()).isEqualTo(2);
        assertThat(sent).anyMatch(e -> e instanceof LedgerEffect.State s && s.freeAgain());
        assertThat(acquire(OTHER, 2, 8)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(acquire(OTHER, 3, 1)).isInstanceOf(LedgerEffect.Denied.class);
    }

    @Test
    void givesBackNothingTwice() {
        ledger.disconnected(LOST);
        reclaim(LOST);
        var once = account();

        assertThat(reclaim(LOST)).isEqualTo(new Reclaimed.Before(2));
        var next = new LedgerService(store, 2);
        next.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        assertThat(next.reclaim(BUDGET, LOST, NOW, sent::addAll))
                .isEqualTo(new Reclaimed.Before(2));
        assertThat(account()).isEqualTo(once);
    }

    @Test
    void refusesAHolderThatIsConnected() {
        assertThat(reclaim(LOST))
                .isEqualTo(new Reclaimed.Refused("holder lost/1 is connected, as pod-lost"));
        assertThat(account().outstandingMicros()).isEqualTo(4);
    }

    @Test
    void refusesAHolderThatHasNoLeaseAndNamesWhoHas() {
        assertThat(reclaim(new HolderId("nobody", 1)))
                .isEqualTo(
                        new Reclaimed.Refused(
                                "holder nobody/1 has no lease of Budget team-a/monthly;"
                                        + " these have: lost/1"));
    }

    @Test
    void waitsWhileTheStoreMayHaveForgottenSomething() {
        ledger.disconnected(LOST);
        ledger.freezeAll(NOW);
        assertThat(reclaim(LOST)).isInstanceOf(Reclaimed.Unavailable.class);
        assertThat(account().outstandingMicros()).isEqualTo(4);
    }

    @Test
    void givesAHolderThatComesBackNothingAndCountsWhatItSpentAsOverrun() {
        ledger.disconnected(LOST);
        reclaim(LOST);
        assertThat(acquire(OTHER, 2, 8)).isInstanceOf(LedgerEffect.Grant.class);

        assertThat(register(ledger, LOST, told(6, 5, 0, false)))
                .as("it thinks it has one left")
                .contains(
                        new LedgerEffect.Recall(LOST, KEY),
                        new LedgerEffect.Registered(LOST, true, ""));

        assertThat(ledger.frozen()).as("the store has forgotten nothing").isEmpty();
        assertThat(account().overrunMicros()).isEqualTo(3);
        assertThat(account().settledMicros()).isEqualTo(2);
        assertThat(account().outstandingMicros()).isEqualTo(8);
        assertThat(acquire(LOST, 1, 1)).as("the same Acquire again").isEqualTo(unknown(1));
        assertThat(acquire(LOST, 2, 1)).isEqualTo(unknown(2));
    }

    private LedgerEffect unknown(long request) {
        return new LedgerEffect.Denied(
                LOST,
                request,
                KEY,
                DeniedReason.UNKNOWN_ACCOUNT,
                java.time.Duration.ZERO,
                Math.max(0, account().remainingMicros()));
    }

    @Test
    void leavesAHolderAloneThatHasReturnedItAll() {
        ledger.disconnected(LOST);
        reclaim(LOST);
        assertThat(register(ledger, LOST, told(6, 5, 1, false)))
                .noneMatch(effect -> effect instanceof LedgerEffect.Recall);
        ledger.handle(new LedgerCommand.Report(LOST, List.of(told(6, 5, 1, false))), NOW);
        assertThat(account().overrunMicros()).as("told twice").isEqualTo(3);
    }

    @Test
    void forgetsTheLeaseWhenItsHolderClosesIt() {
        ledger.disconnected(LOST);
        reclaim(LOST);
        var again = new HolderId("lost", 2);

        register(ledger, again, told(6, 4, 0, true));

        assertThat(account().leases()).isEmpty();
        assertThat(account().settledMicros()).isEqualTo(2);
        assertThat(account().overrunMicros()).isEqualTo(2);
        assertThat(acquire(again, 1, 6)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(acquire(again, 2, 1)).isInstanceOf(LedgerEffect.Denied.class);
    }

    @Test
    void whatItsHolderHadGivenBackIsNotChargedToAReclaimedLeaseWhoseLogHasLostThat() {
        ledger.handle(new LedgerCommand.Report(LOST, List.of(told(6, 2, 3, false))), NOW);
        ledger.disconnected(LOST);
        assertThat(reclaim(LOST)).isEqualTo(new Reclaimed.Done(2, 1));
        var again = new HolderId("lost", 2);

        register(ledger, again, told(5, 5, 0, false));

        assertThat(account().overrunMicros()).isEqualTo(1);
        assertThat(account().settledMicros()).isEqualTo(2);
    }

    @Test
    void whatItsHolderHadGivenBackOfAReclaimedLeaseIsRememberedForTheStore() {
        ledger.handle(new LedgerCommand.Report(LOST, List.of(told(6, 2, 3, false))), NOW);
        var before = account();
        ledger.disconnected(LOST);
        reclaim(LOST);
        store.accounts.put(KEY, before);
        ledger.handle(new LedgerCommand.Acquire(OTHER, 2, KEY, 1, 1, true), NOW);
        ledger.handle(new LedgerCommand.Acquire(OTHER, 3, KEY, 1, 1, true), NOW);

        assertThat(account().lease(LOST).state()).isEqualTo(LeaseAccount.State.RECLAIMED);
        assertThat(account().lease(LOST).reclaimedMicros()).isEqualTo(1);
    }

    @Test
    void keepsItReclaimedWhenTheStoreHasForgottenThat() {
        var before = account();
        ledger.disconnected(LOST);
        reclaim(LOST);
        store.accounts.put(KEY, before);
        ledger.handle(new LedgerCommand.Acquire(OTHER, 2, KEY, 1, 1, true), NOW);
        ledger.handle(new LedgerCommand.Acquire(OTHER, 3, KEY, 1, 1, true), NOW);

        assertThat(account().lease(LOST).state()).isEqualTo(LeaseAccount.State.RECLAIMED);
        assertThat(account().lease(LOST).outstandingMicros()).isZero();
    }

    /** One lease has 100 and has told of 60; it is reclaimed. */
    private void aFullAccountWithAReclaimedLease() {
        ledger.updateBudgets(List.of(LedgerModel.budget(1_000)), NOW);
        assertThat(acquire(LOST, 2, 94)).isInstanceOf(LedgerEffect.Grant.class);
        ledger.handle(new LedgerCommand.Report(LOST, List.of(told(100, 60, 0, false))), NOW);
        for (var i = 1; i < Account.MAX_LEASES; i++) {
            var holder = new HolderId("log" + i, 1);
            register(ledger, holder);
            assertThat(acquire(holder, 1, 1)).isInstanceOf(LedgerEffect.Grant.class);
        }
        ledger.disconnected(LOST);
        assertThat(reclaim(LOST)).isEqualTo(new Reclaimed.Done(60, 40));
        assertThat(acquire(OTHER, 2, 1))
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.LEDGER_FULL));
    }

    @Test
    void countsWhatALaterStartTellsOfAReclaimedLeaseOfAFullAccount() {
        aFullAccountWithAReclaimedLease();
        var again = new HolderId("lost", 2);

        assertThat(register(ledger, again, told(100, 75, 0, true)))
                .contains(new LedgerEffect.Closed(again, KEY, 1));

        assertThat(account().overrunMicros()).isEqualTo(15);
        assertThat(acquire(OTHER, 3, 1)).as("its close").isInstanceOf(LedgerEffect.Grant.class);
    }

    @Test
    void knowsAHolderThatComesBackToAFullAccount() {
        aFullAccountWithAReclaimedLease();

        assertThat(register(ledger, LOST, told(100, 75, 0, false)))
                .contains(
                        new LedgerEffect.Recall(LOST, KEY),
                        new LedgerEffect.Registered(LOST, true, ""));

        assertThat(ledger.frozen()).isEmpty();
        assertThat(account().overrunMicros()).isEqualTo(15);
        assertThat(account().lease(LOST).state()).isEqualTo(LeaseAccount.State.RECLAIMED);
    }

    @Test
    void aLeaseThatAFullAccountHasNoRoomForKeepsItsHolderFromNoOtherBudget() {
        aFullAccountWithAReclaimedLease();
        var more = BudgetBuilder.as(LedgerModel.budget(10), "team-b/monthly").build();
        ledger.updateBudgets(List.of(LedgerModel.budget(1_000), more), NOW);
        var known = new HolderId("known", 1);

        var forgotten = new LeaseTotals(KEY, 1, 5, 3, 0, 0, 0, 9_000, false);
        assertThat(register(ledger, known, forgotten))
                .contains(new LedgerEffect.Registered(known, true, ""));

        assertThat(ledger.unstored()).containsExactly(KEY);
        assertThat(ledger.frozen()).containsExactly(KEY);
        var other = AccountKey.parse("team-b/monthly//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");
        assertThat(ledger.handle(new LedgerCommand.Acquire(known, 1, other, 1, 1, true), NOW))
                .first()
                .isInstanceOf(LedgerEffect.Grant.class);

        ledger.handle(
                new LedgerCommand.Close(
                        new HolderId("log1", 1), new LeaseTotals(KEY, 1, 1, 1, 0, 0, 0, 1, true)),
                NOW);
        ledger.turn(KEY, NOW, effects -> {});
        assertThat(ledger.unstored()).isEmpty();
        assertThat(account().lease(known).outstandingMicros()).isEqualTo(2);
    }

    private static LeaseTotals unasked(long bootEpoch, long overrun, boolean closed) {
        return new LeaseTotals(KEY, bootEpoch, 0, 0, 0, overrun, 0, 0, closed);
    }

    private void report(HolderId holder, LeaseTotals totals) {
        ledger.handle(new LedgerCommand.Report(holder, List.of(totals)), NOW);
    }

    @Test
    void aFullAccountLosesNothingOfWhatIsSpentWithoutALease() {
        aFullAccountWithAReclaimedLease();
        report(OTHER, unasked(1, 7, false));
        report(OTHER, unasked(1, 9, false));
        assertThat(account().overrunMicros()).as("there is no room for it").isZero();

        ledger.handle(
                new LedgerCommand.Close(
                        new HolderId("log1", 1), new LeaseTotals(KEY, 1, 1, 1, 0, 0, 0, 1, true)),
                NOW);
        for (var second = 0; second <= Inbox.PAUSE_TICKS_MAX; second++) {
            ledger.tick(NOW);
            ledger.next(1).forEach(key -> ledger.turn(key, NOW, effects -> {}));
        }

        assertThat(account().overrunMicros()).isEqualTo(9);
        report(OTHER, unasked(1, 9, false));
        assertThat(account().overrunMicros()).as("told again").isEqualTo(9);
        assertThat(account().leases()).hasSize(Account.MAX_LEASES);
    }

    @Test
    void aFullAccountCountsTheLastWordOfWhoNeverHadALease() {
        aFullAccountWithAReclaimedLease();
        report(OTHER, unasked(1, 7, false));

        assertThat(ledger.handle(new LedgerCommand.Close(OTHER, unasked(1, 9, true)), NOW))
                .contains(new LedgerEffect.Closed(OTHER, KEY, 1));

        assertThat(account().overrunMicros()).isEqualTo(9);
        var next = new LedgerService(store, 2);
        next.updateBudgets(List.of(LedgerModel.budget(1_000)), NOW);
        register(next, new HolderId("other", 2), unasked(1, 9, true));
        assertThat(account().overrunMicros()).as("told again").isEqualTo(9);
    }

    @Test
    void aFullAccountCountsWhatALaterStartFindsOfWhoNeverHadALease() {
        aFullAccountWithAReclaimedLease();
        var again = new HolderId("other", 2);

        assertThat(register(ledger, again, unasked(1, 9, false)))
                .contains(new LedgerEffect.Closed(again, KEY, 1));
        assertThat(account().overrunMicros()).isEqualTo(9);
        register(ledger, again, unasked(1, 9, false));
        assertThat(account().overrunMicros()).as("told again").isEqualTo(9);
    }

    @Test
    void nobodyWaitsForWhatAFullAccountHasNoRoomFor() {
        aFullAccountWithAReclaimedLease();
        ledger.freezeAll(NOW);
        var here = new HolderId("here", 1);
        register(ledger, here, unasked(1, 9, false));
        assertThat(account().overrunMicros()).as("there is no room for it").isZero();
        assertThat(ledger.unstored()).isEmpty();

        ledger.tick(NOW.plus(LedgerService.FREEZE_MIN));

        assertThat(ledger.frozen()).isEmpty();
        assertThat(acquire(new HolderId("log1", 1), 2, 1)).isInstanceOf(LedgerEffect.Grant.class);
        ledger.disconnected(new HolderId("log2", 1));
        assertThat(reclaim(new HolderId("log2", 1))).isEqualTo(new Reclaimed.Done(0, 1));
        var reset = NOW.plusSeconds(200);
        var budget = BudgetBuilder.as(LedgerModel.budget(1_000)).resetAt(reset).build();
        ledger.updateBudgets(List.of(budget), reset);
        ledger.tick(reset.plusSeconds(60));
        assertThat(account().resetAt()).isEqualTo(reset);

        ledger.handle(new LedgerCommand.Close(here, unasked(1, 9, true)), NOW);
        assertThat(account().overrunMicros()).isEqualTo(9);
    }

    @Test
    void tellsWhereAHolderIs() {
        assertThat(ledger.whereabouts(LOST)).isEqualTo(new Whereabouts.Connected("pod-lost"));
        ledger.disconnected(LOST);
        assertThat(ledger.whereabouts(LOST)).isEqualTo(new Whereabouts.Away("pod-lost"));
        assertThat(ledger.connected()).containsExactly("pod-other");
        register(ledger, new HolderId("lost", 2));
        assertThat(ledger.whereabouts(LOST)).isEqualTo(new Whereabouts.Succeeded(2));
        assertThat(ledger.whereabouts(new HolderId("nobody", 1)))
                .isEqualTo(new Whereabouts.Unheard());
        assertThat(ledger.whereabouts(new HolderId("lost", 3)))
                .isEqualTo(new Whereabouts.Unheard());
    }

    @Test
    void readsWhatItWrites() {
        var request = new ReclaimRequest(LOST, "system:serviceaccount:ops:bot", "node n1: lost");
        assertThat(request.toString())
                .isEqualTo("lost/1 by system:serviceaccount:ops:bot: node n1: lost");
        assertThat(ReclaimRequest.parse(request.toString())).isEqualTo(request);
    }

    @Test
    void takesTheFirstNameAsTheUser() {
        assertThat(ReclaimRequest.parse("lost/1 by eve: by bob: because").user()).isEqualTo("eve");
    }

    @Test
    void refusesARequestThatNamesNobodyOrNoReason() {
        for (var text :
                List.of(
                        "lost/1",
                        "lost/1 by bob",
                        "lost/1 by bob: ",
                        "lost by bob: x",
                        "by b: x")) {
            assertThatThrownBy(() -> ReclaimRequest.parse(text))
                    .as(text)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("expected");
        }
        assertThatThrownBy(() -> ReclaimRequest.parse("lost/1 by bob: " + "x".repeat(2_000)))
                .hasMessageContaining("1024");
    }
}
