package dev.tollgate.policy.budget;

import static dev.tollgate.policy.budget.LedgerModel.KEY;
import static dev.tollgate.policy.budget.LedgerModel.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.LedgerModel.Store;
import dev.tollgate.policy.budget.LedgerModel.StoreMood;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What waits for an account's turn, what does not, and what becomes of it in one write. */
class AccountTurnTest {

    private static final HolderId ONE = new HolderId("one", 1);
    private static final HolderId TWO = new HolderId("two", 1);

    private final Store store = new Store(Map.of(), StoreMood.WORKS);
    private final LedgerService ledger = new LedgerService(store, 1);
    private final List<LedgerEffect> sent = new ArrayList<>();

    /** Each of two has 20 of 100; the account has been written twice. */
    @BeforeEach
    void twoLeases() {
        budget(100);
        register(ONE);
        register(TWO);
        ledger.handle(acquire(ONE, 1, 20), NOW);
        ledger.handle(acquire(TWO, 1, 20), NOW);
    }

    private void budget(long limit, Step... steps) {
        var entry = BudgetBuilder.as(LedgerModel.budget(limit)).steps(List.of(steps)).build();
        ledger.updateBudgets(List.of(entry), NOW);
    }

    private List<LedgerEffect> register(HolderId holder, LeaseTotals... leases) {
        return ledger.handle(
                new LedgerCommand.Register(holder, "pod-" + holder.logId(), List.of(leases)), NOW);
    }

    private static LedgerCommand.Acquire acquire(HolderId holder, int request, long micros) {
        return new LedgerCommand.Acquire(holder, request, KEY, micros, micros, true);
    }

    private static LedgerCommand.Acquire refill(HolderId holder, int request, long micros) {
        return new LedgerCommand.Acquire(holder, request, KEY, 0, micros, false);
    }

    private static LedgerCommand.Report spent(HolderId holder, long settled, long returned) {
        return new LedgerCommand.Report(
                holder, List.of(new LeaseTotals(KEY, 1, 20, settled, returned, 0, 0, 1, false)));
    }

    private List<AccountKey> takeIn(LedgerCommand command) {
        return ledger.takeIn(command, NOW, sent::addAll);
    }

    private Account turn() {
        ledger.turn(KEY, NOW, sent::addAll);
        return account();
    }

    private Account account() {
        return store.accounts.get(KEY);
    }

    @Test
    void whatAllSayIsOneWriteAndEachIsAnswered() {
        var before = account();
        assertThat(takeIn(spent(ONE, 10, 0))).isEmpty();
        assertThat(takeIn(spent(TWO, 5, 0))).isEmpty();
        assertThat(takeIn(refill(ONE, 2, 10))).isEmpty();
        assertThat(takeIn(refill(TWO, 2, 10))).isEmpty();
        assertThat(account()).as("nobody waits").isEqualTo(before);

        assertThat(ledger.next(1)).containsExactly(KEY);
        var after = turn();
        assertThat(after.seq()).isEqualTo(before.seq() + 1);
        assertThat(after.settledMicros()).isEqualTo(15);
        assertThat(after.lease(ONE).amountMicros()).isEqualTo(30);
        assertThat(after.lease(TWO).amountMicros()).isEqualTo(30);
        assertThat(sent)
                .extracting(effect -> ((LedgerEffect.Grant) effect).to())
                .containsExactly(ONE, TWO);
        assertThat(sent)
                .allSatisfy(
                        effect ->
                                assertThat(((LedgerEffect.Grant) effect).seq())
                                        .isEqualTo(after.seq()));
        assertThat(ledger.next(1)).as("nothing is left to do").isEmpty();
    }

    @Test
    void whoWaitsHasItsTurnAtOnceAndTheOthersWithIt() {
        takeIn(spent(ONE, 10, 10));
        takeIn(refill(ONE, 2, 4));
        assertThat(takeIn(acquire(TWO, 2, 70))).containsExactly(KEY);

        var after = turn();
        assertThat(after.lease(ONE).returnedMicros()).isEqualTo(10);
        assertThat(after.lease(TWO).amountMicros())
                .as("with what is returned, before who asks ahead")
                .isEqualTo(90);
        assertThat(after.lease(ONE).amountMicros()).isEqualTo(20);
    }

    @Test
    void laterTotalsAndRequestsStandForEarlierOnes() {
        takeIn(spent(ONE, 3, 0));
        takeIn(refill(ONE, 2, 10));
        takeIn(spent(ONE, 7, 0));
        takeIn(acquire(ONE, 3, 5));
        var after = turn();
        assertThat(after.lease(ONE).settledMicros()).isEqualTo(7);
        assertThat(after.lease(ONE).lastAcquire()).isEqualTo(3);
        assertThat(after.lease(ONE).amountMicros()).isEqualTo(25);
        assertThat(sent).hasSize(1);
    }

    @Test
    void moneyThatSomebodyIsShortOfDoesNotWait() {
        assertThat(takeIn(spent(ONE, 0, 5))).as("nobody is").isEmpty();
        turn();
        assertThat(ledger.handle(acquire(TWO, 2, 90), NOW).getFirst())
                .isInstanceOf(LedgerEffect.Denied.class);
        assertThat(takeIn(spent(ONE, 0, 20))).containsExactly(KEY);
        turn();
        assertThat(sent)
                .anyMatch(
                        effect ->
                                effect instanceof LedgerEffect.State state
                                        && state.freeAgain()
                                        && state.to().equals(TWO));
    }

    @Test
    void aStepOfTheLadderAndTheEndOfTheBudgetDoNotWait() {
        budget(100, new Step("warn", 15, Step.Action.ALERT, null, null));
        assertThat(takeIn(spent(ONE, 14, 0))).isEmpty();
        assertThat(takeIn(spent(ONE, 15, 0))).containsExactly(KEY);
        turn();
        assertThat(takeIn(spent(ONE, 16, 0))).as("it is reached already").isEmpty();

        budget(30);
        assertThat(takeIn(spent(TWO, 10, 0))).isEmpty();
        assertThat(takeIn(spent(TWO, 13, 0))).isEmpty();
        assertThat(takeIn(spent(ONE, 17, 0))).as("both together").containsExactly(KEY);
    }

    @Test
    void whoseLeaseWasReclaimedHearsOfItWithItsRegister() {
        ledger.disconnected(ONE);
        ledger.reclaim("team-a/monthly", ONE, NOW, sent::addAll);
        var totals = new LeaseTotals(KEY, 1, 20, 4, 0, 0, 0, 2, false);
        ledger.takeIn(
                new LedgerCommand.Register(ONE, "pod-one", List.of(totals)), NOW, sent::addAll);
        assertThat(sent).contains(new LedgerEffect.Recall(ONE, KEY));
    }

    @Test
    void whatADamagedLogHasForgottenOfAnEarlierStartIsStillSpent() {
        takeIn(spent(ONE, 11, 0));
        var later = new HolderId("one", 2);
        register(later, new LeaseTotals(KEY, 1, 20, 4, 0, 0, 0, 1, false));
        turn();
        assertThat(account().lease(ONE).settledMicros()).isEqualTo(11);
        assertThat(ledger.frozen()).isEmpty();
    }

    @Test
    void anOverrunOfAHardBudgetDoesNotWait() {
        assertThat(takeIn(new LedgerCommand.Report(ONE, List.of(over(20, 3)))))
                .containsExactly(KEY);
    }

    @Test
    void aCloseDoesNotWaitAndTakesAllAlong() {
        takeIn(spent(TWO, 5, 0));
        var closed = new LeaseTotals(KEY, 1, 20, 7, 0, 0, 0, 1, true);
        assertThat(takeIn(new LedgerCommand.Close(ONE, closed))).containsExactly(KEY);
        takeIn(refill(ONE, 2, 10));
        var before = account();
        var after = turn();
        assertThat(after.seq()).isEqualTo(before.seq() + 1);
        assertThat(after.lease(ONE)).as("what is closed gets nothing").isNull();
        assertThat(after.settledMicros()).isEqualTo(12);
        assertThat(sent).contains(new LedgerEffect.Closed(ONE, KEY, 1));
    }

    @Test
    void aCloseThatTheStoreRefusesKeepsNobodyElseWaiting() {
        var other = BudgetBuilder.as(LedgerModel.budget(100), "team-b/monthly").build();
        var key = AccountKey.parse("team-b/monthly//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");
        ledger.updateBudgets(List.of(LedgerModel.budget(100), other), NOW);
        takeIn(new LedgerCommand.Acquire(TWO, 1, key, 5, 5, true));
        ledger.turn(key, NOW, sent::addAll);
        var closed = new LeaseTotals(KEY, 1, 20, 7, 0, 0, 0, 1, true);
        takeIn(new LedgerCommand.Close(ONE, closed));
        takeIn(
                new LedgerCommand.Report(
                        TWO, List.of(new LeaseTotals(key, 1, 5, 1, 0, 0, 0, 1, false))));

        store.mood = LedgerModel.StoreMood.LOSES_AND_IS_SILENT;
        turn();

        assertThat(ledger.next(1)).as("it waits like all others").containsExactly(key);
    }

    /** Ten times a second all have their turn that stand in line, as in the operator. */
    private int turnsOf(AccountKey key, int seconds) {
        var count = 0;
        for (var second = 0; second < seconds; second++) {
            for (var tenth = 0; tenth < 10; tenth++) {
                for (var next : ledger.next(15)) {
                    count += next.equals(key) ? 1 : 0;
                    ledger.turn(next, NOW, sent::addAll);
                }
            }
            ledger.tick(NOW);
        }
        return count;
    }

    @Test
    void whatTheStoreRefusesIsTriedAgainAfterAPauseThatGrowsAndHasAnEnd() {
        store.mood = StoreMood.LOSES_AND_IS_SILENT;
        takeIn(spent(ONE, 10, 0));
        assertThat(turnsOf(KEY, 31)).as("at once, after 1, 2, 4 and 8 seconds").isEqualTo(5);
        assertThat(turnsOf(KEY, 159)).as("every 16 seconds").isEqualTo(10);

        takeIn(spent(TWO, 5, 0));
        assertThat(ledger.next(1)).as("it waits with the rest").isEmpty();
        store.mood = StoreMood.WORKS;
        assertThat(turnsOf(KEY, 16)).isEqualTo(1);
        assertThat(account().settledMicros()).isEqualTo(15);
        takeIn(spent(ONE, 11, 0));
        assertThat(ledger.next(1)).as("as any other again").containsExactly(KEY);
    }

    @Test
    void whoAsksInBetweenMakesNoPauseLongerOrShorter() {
        store.mood = StoreMood.LOSES_AND_IS_SILENT;
        takeIn(spent(ONE, 10, 0));
        var tries = new ArrayList<Integer>();
        for (var second = 0; second < 48; second++) {
            for (var next : ledger.next(15)) {
                tries.add(second);
                ledger.turn(next, NOW, sent::addAll);
            }
            assertThat(takeIn(acquire(TWO, 2 + second, 70))).as("at once").containsExactly(KEY);
            ledger.turn(KEY, NOW, sent::addAll);
            takeIn(spent(ONE, 11 + second % 5, 0));
            ledger.tick(NOW);
        }
        assertThat(tries).containsExactly(0, 1, 3, 7, 15, 31, 47);
    }

    @Test
    void whatIsSaidWhileTheStoreTakesWhatItHasRefusedHasItsTurnToo() {
        var inbox = new Inbox();
        var totals = spent(ONE, 10, 0).leases().getFirst();
        inbox.put(ONE, totals);
        inbox.written(KEY, false);
        inbox.take(KEY);
        inbox.put(ONE, totals);
        inbox.written(KEY, true);
        assertThat(inbox.next(1)).containsExactly(KEY);
    }

    @Test
    void whoWaitsForAnAccountThatTheStoreHasRefusedIsNotKeptWaiting() {
        store.mood = StoreMood.LOSES_AND_IS_SILENT;
        takeIn(spent(ONE, 10, 10));
        turnsOf(KEY, 20);
        store.mood = StoreMood.WORKS;
        assertThat(takeIn(acquire(TWO, 2, 70))).containsExactly(KEY);
        assertThat(turn().lease(TWO).amountMicros()).isEqualTo(90);
        takeIn(spent(TWO, 5, 0));
        assertThat(ledger.next(1)).as("as any other again").containsExactly(KEY);
    }

    @Test
    void aNewLedgerWritesNoLeaseThatGoesOnWhenItsHolderComes() {
        var next = new LedgerService(store, 2);
        next.updateBudgets(List.of(LedgerModel.budget(100)), NOW);
        var before = account();
        var totals = new LeaseTotals(KEY, 1, 20, 11, 0, 0, 0, 2, false);
        var register = new LedgerCommand.Register(ONE, "pod-one", List.of(totals));
        next.takeIn(register, NOW, sent::addAll);
        assertThat(sent).contains(new LedgerEffect.Registered(ONE, true, ""));
        assertThat(account()).isEqualTo(before);
        assertThat(next.next(1)).containsExactly(KEY);
        next.turn(KEY, NOW, sent::addAll);
        assertThat(account().settledMicros()).isEqualTo(11);
    }

    @Test
    void opensNoLeaseAgainThatAnEarlierLedgerClosedWhileItsTotalsStoodInLineHere() {
        var next = new LedgerService(store, 2);
        next.updateBudgets(List.of(LedgerModel.budget(100)), NOW);
        var open = new LeaseTotals(KEY, 1, 20, 11, 0, 0, 0, 2, false);
        next.takeIn(new LedgerCommand.Register(ONE, "pod-one", List.of(open)), NOW, sent::addAll);
        next.disconnected(ONE);
        var restarted = new HolderId(ONE.logId(), 2);
        var last = new LeaseTotals(KEY, 1, 20, 12, 8, 0, 0, 2, true);
        ledger.handle(new LedgerCommand.Register(restarted, "pod-one", List.of(last)), NOW);
        assertThat(account().lease(ONE)).isNull();
        next.updateBudgets(List.of(LedgerModel.budget(90)), NOW);
        next.tick(NOW);
        assertThat(account().limitMicros()).as("it has looked since").isEqualTo(90);
        next.turn(KEY, NOW, sent::addAll);
        assertThat(account().lease(ONE)).isNull();
        assertThat(account().settledMicros()).isEqualTo(12);
        assertThat(next.frozen()).isEmpty();
    }

    @Test
    void aStepThatIsReachedByWhatAHolderSaysWhenItComesDoesNotStandBehindOthers() {
        var next = new LedgerService(store, 2);
        var warn = new Step("warn", 10, Step.Action.ALERT, null, null);
        var entry = BudgetBuilder.as(LedgerModel.budget(100)).steps(List.of(warn)).build();
        next.updateBudgets(List.of(entry), NOW);
        var totals = new LeaseTotals(KEY, 1, 20, 11, 0, 0, 0, 2, false);
        var register = new LedgerCommand.Register(ONE, "pod-one", List.of(totals));
        var other = AccountKey.of("team-b/monthly", "", KEY.window());
        next.takeIn(new LedgerCommand.Acquire(ONE, 1, other, 0, 1, false), NOW, sent::addAll);
        next.takeIn(register, NOW, sent::addAll);
        assertThat(next.next(2)).containsExactly(KEY, other);
        next.turn(KEY, NOW, sent::addAll);
        assertThat(account().settledMicros()).isEqualTo(11);
    }

    @Test
    void whoHasNothingLeftAsToldDoesNotWait() {
        assertThat(takeIn(refill(ONE, 2, 10))).isEmpty();
        takeIn(spent(ONE, 20, 0));
        assertThat(takeIn(refill(ONE, 3, 10))).containsExactly(KEY);
    }

    @Test
    void whatALostHolderToldIsSpentBeforeItsRestIsGivenBack() {
        takeIn(spent(ONE, 11, 0));
        ledger.disconnected(ONE);
        assertThat(ledger.reclaim("team-a/monthly", ONE, NOW, sent::addAll))
                .isEqualTo(new Reclaimed.Done(11, 9));
        assertThat(account().settledMicros()).isEqualTo(11);
    }

    @Test
    void whatHoldersToldBeforeAResetIsOfBeforeIt() {
        var asked = NOW.plusSeconds(1);
        var entry = BudgetBuilder.as(LedgerModel.budget(100)).resetAt(asked).build();
        ledger.updateBudgets(List.of(entry), asked);
        takeIn(spent(ONE, 11, 0));
        ledger.tick(asked.plusSeconds(2));
        assertThat(account().resetMicros()).isEqualTo(11);
        assertThat(account().remainingMicros()).isEqualTo(100 - 9 - 20);
    }

    @Test
    void whatBreaksARuleEndsNothingForTheOthers() {
        var failed = new ArrayList<AccountKey>();
        ledger.whenFailed((key, bug) -> failed.add(key));
        takeIn(new LedgerCommand.Report(TWO, List.of(over(5, 1))));
        turn();
        takeIn(new LedgerCommand.Report(ONE, List.of(over(0, Long.MAX_VALUE))));
        takeIn(new LedgerCommand.Report(TWO, List.of(over(6, 1))));
        takeIn(refill(TWO, 2, 10));
        var after = turn();
        assertThat(failed).containsExactly(KEY);
        assertThat(after.settledMicros()).isEqualTo(6);
        assertThat(after.lease(TWO).amountMicros()).isEqualTo(30);
    }

    private static LeaseTotals over(long settled, long overrun) {
        return new LeaseTotals(KEY, 1, 20, settled, 0, overrun, 0, 1, false);
    }

    @Test
    void anEarlierStartOfALogIsNotHeardOnceALaterOneIsThere() {
        takeIn(spent(ONE, 11, 0));
        var later = new HolderId("one", 2);
        var proven = new LeaseTotals(KEY, 1, 20, 12, 0, 0, 0, 1, true);
        ledger.takeIn(
                new LedgerCommand.Register(later, "pod-one", List.of(proven)), NOW, sent::addAll);
        assertThat(turn().settledMicros()).isEqualTo(12);
        assertThat(ledger.frozen()).isEmpty();
    }
}
