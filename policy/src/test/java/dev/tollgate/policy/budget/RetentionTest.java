package dev.tollgate.policy.budget;

import static dev.tollgate.policy.budget.LedgerModel.KEY;
import static dev.tollgate.policy.budget.LedgerModel.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.LedgerModel.Store;
import dev.tollgate.policy.budget.LedgerModel.StoreMood;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Accounts are forgotten when nothing can come of them any more, and nobody takes it for a loss.
 */
class RetentionTest {

    private static final HolderId HOLDER = new HolderId("p0", 1);
    private static final Instant END = Instant.parse("2026-12-01T00:00:00Z");
    private static final Instant OLD = END.plus(Retention.KEPT);

    private final Store store = new Store(Map.of(), StoreMood.WORKS);
    private LedgerService ledger = new LedgerService(store, 1);

    @BeforeEach
    void spentInNovember() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register(ledger, NOW);
        acquire(KEY, NOW);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(totals(false))), NOW);
    }

    private static void register(LedgerService ledger, Instant now, LeaseTotals... leases) {
        ledger.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of(leases)), now);
    }

    private LedgerEffect acquire(AccountKey key, Instant now) {
        return ledger.handle(new LedgerCommand.Acquire(HOLDER, 1, key, 4, 4, true), now).getFirst();
    }

    private static LeaseTotals totals(boolean closed) {
        return new LeaseTotals(KEY, 1, 4, 3, 0, 0, 0, 1, closed);
    }

    private void close(Instant now) {
        ledger.handle(new LedgerCommand.Close(HOLDER, totals(true)), now);
    }

    private void hoursFrom(Instant from, int hours) {
        for (var hour = 0; hour <= hours; hour++) {
            ledger.tick(from.plus(Duration.ofHours(hour)));
        }
    }

    private void spendInTheWindowOf(Instant now) {
        var holder = new HolderId("p1", 1);
        ledger.handle(new LedgerCommand.Register(holder, "pod1", List.of()), now);
        var window = Window.of(LedgerModel.budget(10).period(), now);
        var key = AccountKey.of(KEY.budget(), "", window);
        assertThat(
                        ledger.handle(new LedgerCommand.Acquire(holder, 1, key, 1, 1, true), now)
                                .getFirst())
                .isInstanceOf(LedgerEffect.Grant.class);
    }

    @Test
    void forgetsAnAccountThirtyFiveDaysAfterItsWindow() {
        ledger.refusedBefore(KEY, 7);
        close(END);
        spendInTheWindowOf(OLD);
        ledger.tick(OLD.minusSeconds(1));
        assertThat(store.accounts).containsKey(KEY);
        assertThat(ledger.refused()).containsKey(KEY);
        ledger.tick(OLD.plus(Retention.EVERY));
        assertThat(ledger.refused()).isEmpty();
        assertThat(store.accounts).hasSize(1).doesNotContainKey(KEY);
        assertThat(ledger.accounts()).noneMatch(account -> account.key().equals(KEY));
        assertThat(ledger.frozen()).isEmpty();
        hoursFrom(OLD.plus(Retention.EVERY), 3);
        assertThat(ledger.frozen()).isEmpty();
    }

    @Test
    void keepsAnAccountWhoseLeaseCouldStillBeSettled() {
        spendInTheWindowOf(OLD);
        hoursFrom(OLD, 48);
        assertThat(store.accounts).containsKey(KEY);

        ledger.disconnected(HOLDER);
        ledger.reclaim(KEY.budget(), HOLDER, OLD, effects -> {});
        hoursFrom(OLD.plus(Duration.ofHours(49)), 1);
        assertThat(store.accounts).doesNotContainKey(KEY);
    }

    @Test
    void keepsTheLastAccountOfABudgetForADayMoreSoThatAClockAheadForgetsNothing() {
        close(END);
        hoursFrom(OLD, 23);
        assertThat(store.accounts).containsKey(KEY);
        ledger.tick(NOW);
        hoursFrom(OLD.plus(Duration.ofHours(10)), 23);
        assertThat(store.accounts).as("counted anew after the clock was right").containsKey(KEY);
        hoursFrom(OLD.plus(Duration.ofHours(34)), 0);
        assertThat(store.accounts).doesNotContainKey(KEY);
    }

    @Test
    void whatWasSpentUnaskedInAWindowToComeIsNoSuccessor() {
        close(END);
        var holder = new HolderId("p1", 1);
        ledger.handle(new LedgerCommand.Register(holder, "pod1", List.of()), OLD);
        var key = AccountKey.of(KEY.budget(), "", Window.of(LedgerModel.budget(10).period(), OLD));
        var unasked = new LeaseTotals(key, 1, 0, 0, 0, 3, 0, 0, false);
        ledger.handle(new LedgerCommand.Report(holder, List.of(unasked)), OLD);
        assertThat(store.accounts.get(key).overrunMicros()).isEqualTo(3);
        hoursFrom(OLD, 23);
        assertThat(store.accounts).as("the clock may have been ahead").containsKey(KEY);
        hoursFrom(OLD.plus(Duration.ofHours(24)), 0);
        assertThat(store.accounts).doesNotContainKey(KEY);
    }

    @Test
    void takesNoUnknownOutcomeOfADeletionForALoss() {
        close(END);
        spendInTheWindowOf(OLD);
        var silent = new Store(store.accounts, StoreMood.WRITES_AND_IS_SILENT);
        ledger = new LedgerService(silent, 2);
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), OLD);
        hoursFrom(OLD, 3);
        assertThat(silent.accounts).doesNotContainKey(KEY);
        assertThat(ledger.frozen()).isEmpty();
    }

    @Test
    void takesNoHolderThatStillKnowsItForAWitnessOfALoss() {
        close(END);
        spendInTheWindowOf(OLD);
        hoursFrom(OLD, 1);
        for (var closed : List.of(true, false)) {
            var effects =
                    ledger.handle(
                            new LedgerCommand.Register(HOLDER, "pod0", List.of(totals(closed))),
                            OLD.plus(Duration.ofHours(2)));
            assertThat(effects).contains(new LedgerEffect.Registered(HOLDER, true, ""));
        }
        assertThat(ledger.frozen()).isEmpty();
        assertThat(store.accounts).doesNotContainKey(KEY);
    }

    /** Else the ledger would wait for ever for all that proxies hold. */
    @Test
    void waitsForNothingThatWasToldOfAnAccountThatIsForgotten() {
        ledger.disconnected(HOLDER);
        ledger.reclaim(KEY.budget(), HOLDER, END, effects -> {});
        spendInTheWindowOf(OLD);
        store.mood = StoreMood.LOSES_AND_IS_SILENT;
        register(ledger, OLD, totals(true));
        assertThat(ledger.unstored()).containsExactly(KEY);

        store.mood = StoreMood.WORKS;
        ledger.tick(OLD.plus(Retention.EVERY));
        assertThat(store.accounts).doesNotContainKey(KEY);
        assertThat(ledger.unstored()).isEmpty();
    }

    @Test
    void forgetsAHolderThatIsGoneForADayOnceNoAccountHasALeaseOfIt() {
        ledger.disconnected(HOLDER);
        hoursFrom(NOW, 48);
        assertThat(ledger.whereabouts(HOLDER)).as("it has a lease").isEqualTo(away());

        register(ledger, NOW.plus(Duration.ofHours(48)), totals(false));
        close(NOW.plus(Duration.ofHours(48)));
        hoursFrom(NOW.plus(Duration.ofHours(48)), 30);
        assertThat(ledger.whereabouts(HOLDER))
                .as("it is connected")
                .isEqualTo(new Whereabouts.Connected("pod0"));

        ledger.disconnected(HOLDER);
        hoursFrom(NOW.plus(Duration.ofHours(79)), 23);
        assertThat(ledger.whereabouts(HOLDER)).as("it left of late").isEqualTo(away());
        hoursFrom(NOW.plus(Duration.ofHours(103)), 0);
        assertThat(ledger.whereabouts(HOLDER)).isEqualTo(new Whereabouts.Unheard());
        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(3);

        register(ledger, NOW.plus(Duration.ofHours(104)), totals(true));
        assertThat(store.accounts.get(KEY).settledMicros()).as("said again").isEqualTo(3);
        assertThat(ledger.frozen()).isEmpty();
    }

    private static Whereabouts away() {
        return new Whereabouts.Away("pod0");
    }

    @Test
    void forgetsNobodyOfWhomTheStoreHasNotTakenAll() {
        close(NOW);
        ledger.disconnected(HOLDER);
        var waiting = Set.of(HOLDER.logId());
        var departures = new Departures();
        for (var hour = 0; hour <= 48; hour++) {
            var now = NOW.plus(Duration.ofHours(hour));
            assertThat(departures.due(ledger.sessions(), ledger::accounts, () -> waiting, now))
                    .isEmpty();
        }
        var end = NOW.plus(Duration.ofHours(48));
        for (var hour = 1; hour <= 24; hour++) {
            var now = end.plus(Duration.ofHours(hour));
            assertThat(departures.due(ledger.sessions(), ledger::accounts, Set::of, now)).isEmpty();
        }
        assertThat(
                        departures.due(
                                ledger.sessions(),
                                ledger::accounts,
                                Set::of,
                                end.plus(Duration.ofHours(25))))
                .containsExactly(HOLDER);
    }

    @Test
    void keepsALifetimeAccount() {
        var lifetime = Account.opened(new AccountKey("a", "b", "", Window.LIFETIME), 5);
        assertThat(Retention.isOld(lifetime, OLD.plus(Duration.ofDays(9_999)))).isFalse();
    }

    @Test
    void noWindowThatBeganBeforeItsEndIsTheNextOfAnAccount() {
        var old = Account.opened(KEY, 5);
        var within = Account.opened(day(END.minusSeconds(86_400)), 5);
        assertThat(new Retention().due(List.of(old, within), OLD)).isEmpty();
        var next = Account.opened(day(END), 5);
        assertThat(new Retention().due(List.of(old, within, next), OLD))
                .containsExactly(KEY, within.key());
    }

    private static AccountKey day(Instant start) {
        return AccountKey.of(KEY.budget(), "", new Window(start, start.plusSeconds(86_400)));
    }
}
