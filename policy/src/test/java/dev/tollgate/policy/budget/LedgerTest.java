package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Single steps of an account. */
class LedgerTest {

    private static final Instant NOW = Instant.parse("2026-11-21T10:10:00Z");
    private static final Window WINDOW =
            new Window(
                    Instant.parse("2026-11-21T10:00:00Z"), Instant.parse("2026-11-21T11:00:00Z"));
    private static final AccountKey KEY = AccountKey.of("team-a/hourly", "", WINDOW);
    private static final HolderId ONE = new HolderId("one", 1);
    private static final HolderId TWO = new HolderId("two", 1);
    private static final HolderId ONE_AGAIN = new HolderId("one", 2);

    private static LeaseAccount lease(HolderId holder, long amount, long settled, long returned) {
        return new LeaseAccount(holder, amount, settled, returned, 0, 3, LeaseAccount.State.OPEN);
    }

    private static Account account(long settled, long seq, long epoch, LeaseAccount... leases) {
        return new Account(KEY, 1_000, settled, 0, 0, null, seq, epoch, List.of(leases), List.of());
    }

    private static LeaseTotals totals(
            long bootEpoch, long amount, long settled, long returned, long seq, boolean closed) {
        return new LeaseTotals(KEY, bootEpoch, amount, settled, returned, 0, 0, seq, closed);
    }

    private static Transition ask(Ledger ledger, Account account, long micros) {
        var said = new LedgerCommand.Acquire(ONE, 9, KEY, micros, micros, false);
        return ledger.apply(account, new AccountCommand.Acquire(said, WINDOW, 1_000, 2), NOW);
    }

    private static Transition tell(Account account, HolderId from, LeaseTotals totals) {
        return new Ledger(1).apply(account, new AccountCommand.Totals(from, totals), NOW);
    }

    private static Account rebuilt(Ledger ledger, Account stored, Account remembered) {
        return ledger.apply(stored, new AccountCommand.Rebuild(remembered), NOW).account();
    }

    @Test
    void aRefusalOfWhatAnEarlierLedgerWroteLastEndsThatLedgersWritesFirst() {
        var account = account(900, 5, 1, lease(TWO, 100, 0, 0));
        var refused = ask(new Ledger(2), account, 10);
        assertThat(refused.effects().getFirst()).isInstanceOf(LedgerEffect.Denied.class);
        assertThat(refused.account().epoch()).isEqualTo(2);
        assertThat(refused.account().seq()).isEqualTo(6);
        assertThat(refused.account().leases()).isEqualTo(account.leases());

        var again = ask(new Ledger(2), refused.account(), 10);
        assertThat(again.account()).as("once is enough").isSameAs(refused.account());
        var refill = ask(new Ledger(2), account(999, 5, 1), 0);
        assertThat(refill.account().epoch()).isEqualTo(2);
    }

    @Test
    void aFullAccountGivesNewHoldersNothingAlsoIfALeaseWasReclaimed() {
        var leases = new LeaseAccount[Account.MAX_LEASES];
        for (var i = 0; i < leases.length; i++) {
            leases[i] = lease(new HolderId("log" + i, 1), 1, 1, 0);
        }
        for (var time = 0; time < 2; time++) {
            var full = account(256, 5, 1, leases);
            var asked = ask(new Ledger(1), full, 10);
            assertThat(asked.effects())
                    .singleElement()
                    .isInstanceOfSatisfying(
                            LedgerEffect.Denied.class,
                            denied ->
                                    assertThat(denied.reason())
                                            .isEqualTo(DeniedReason.LEDGER_FULL));
            assertThat(asked.account().leases()).isEqualTo(full.leases());
            leases[7] = leases[7].reclaimed();
        }
    }

    @Test
    void aCloseOfALeaseThatIsNotKnownEndsTheWritesOfAnEarlierLedgerFirst() {
        var account = account(0, 5, 1);
        var close = new AccountCommand.Totals(ONE, totals(1, 0, 0, 0, 0, true));
        var closed = new Ledger(2).apply(account, close, NOW);
        assertThat(closed.effects()).containsExactly(new LedgerEffect.Closed(ONE, KEY, 1));
        assertThat(closed.account().epoch()).isEqualTo(2);
        assertThat(new Ledger(2).apply(closed.account(), close, NOW).account())
                .isSameAs(closed.account());
        var report = new AccountCommand.Totals(ONE, totals(1, 0, 0, 0, 0, false));
        assertThat(new Ledger(2).apply(account, report, NOW).account()).isSameAs(account);
    }

    @Test
    void whoeverTellsLessThanItsLeaseGetsTheGrantAgain() {
        var account = account(20, 5, 1, lease(ONE, 100, 20, 0));
        assertThat(tell(account, ONE, totals(1, 60, 20, 0, 4, false)).effects())
                .containsExactly(
                        new LedgerEffect.Grant(
                                ONE, 3, KEY, 100, 5, 1, Duration.ofMinutes(50), false));
        assertThat(tell(account, ONE, totals(1, 100, 20, 0, 5, false)).effects()).isEmpty();
        assertThat(tell(account, ONE_AGAIN, totals(1, 60, 20, 0, 4, false)).effects())
                .as("a lease of an earlier start takes no money")
                .containsExactly(new LedgerEffect.Closed(ONE_AGAIN, KEY, 1));
    }

    @Test
    void aLogWithoutItsTailChargesNoMoreThanWhatWasNotReturned() {
        var account = account(20, 5, 1, lease(ONE, 100, 20, 70));
        var recovered = tell(account, ONE_AGAIN, totals(1, 100, 90, 0, 4, true));
        assertThat(recovered.account().settledMicros()).isEqualTo(30);
        assertThat(recovered.account().leases()).isEmpty();
    }

    @Test
    void whatAnEarlierStartToldComesTooLateToTakeBackWhatItsLogHasCharged() {
        var stored = account(40, 1, 1, lease(ONE, 100, 40, 0));
        var recovered = tell(stored, ONE_AGAIN, totals(1, 90, 80, 0, 1, false)).account();
        var late = tell(recovered, ONE, totals(1, 100, 50, 50, 1, false)).account();
        assertThat(late.lease(ONE).settledMicros()).isEqualTo(80);
        assertThat(late.lease(ONE).returnedMicros()).isEqualTo(20);
    }

    @Test
    void aCloseGivesBackWhatItsLeaseHasNotSettled() {
        var account = account(20, 5, 1, lease(ONE, 100, 20, 0), lease(TWO, 50, 0, 0));
        var closed = tell(account, ONE_AGAIN, totals(1, 100, 35, 0, 5, true));
        assertThat(closed.account().settledMicros()).isEqualTo(35);
        assertThat(closed.account().leases()).containsExactly(lease(TWO, 50, 0, 0));
        assertThat(closed.moneyBack()).isTrue();
        assertThat(tell(closed.account(), ONE_AGAIN, totals(1, 100, 35, 0, 5, true)).account())
                .as("said twice")
                .isSameAs(closed.account());
    }

    @Test
    void rebuildOpensNoLeaseThatWasClosedAfterTheStateThatTheStoreWentBackTo() {
        var stored = account(20, 4, 1, lease(ONE, 100, 20, 0), lease(TWO, 50, 0, 0));
        var remembered = account(35, 7, 1, lease(TWO, 80, 0, 0));
        var account = rebuilt(new Ledger(1), stored, remembered);
        assertThat(account.leases()).containsExactly(lease(TWO, 80, 0, 0));
        assertThat(account.settledMicros()).isEqualTo(35);
        assertThat(account.seq()).isEqualTo(9);
    }

    @Test
    void rebuildKeepsALeaseThatALaterLedgerHasGranted() {
        var stored = account(0, 2, 2, lease(TWO, 50, 0, 0));
        var remembered = account(35, 7, 1, lease(ONE, 80, 35, 0));
        assertThat(rebuilt(new Ledger(3), stored, remembered).leases())
                .containsExactlyInAnyOrder(lease(ONE, 80, 35, 0), lease(TWO, 50, 0, 0));
    }

    @Test
    void rebuildOpensNoLeaseThatThisLedgerHasClosedByAWriteThatItWasNotToldOf() {
        var remembered = account(46, 42, 2, lease(ONE, 70, 40, 23));
        var stored = account(52, 43, 2);
        var account = rebuilt(new Ledger(2), stored, remembered);
        assertThat(account.leases()).isEmpty();
        assertThat(account.settledMicros()).isEqualTo(52);
        assertThat(rebuilt(new Ledger(3), stored, remembered).leases())
                .as("another ledger may have known less")
                .containsExactly(lease(ONE, 70, 40, 23));
    }

    @Test
    void rebuildTakesTheGreaterOfEachTotalOfALease() {
        var stored = account(20, 4, 1, lease(ONE, 120, 20, 0));
        var remembered = account(30, 3, 1, lease(ONE, 100, 30, 10));
        var account = rebuilt(new Ledger(1), stored, remembered);
        assertThat(account.leases()).containsExactly(lease(ONE, 120, 30, 10));
        assertThat(account.settledMicros()).isEqualTo(30);
        assertThat(account.seq()).as("no plain write").isEqualTo(6);
    }

    @Test
    void restoreTakesTheNumberOfTheHolderThatHasSeenMore() {
        var stored = account(20, 4, 1, lease(ONE, 100, 20, 0));
        var told = totals(1, 200, 150, 0, 41, false);
        var account =
                new Ledger(2)
                        .apply(stored, new AccountCommand.Restore(ONE, told, null), NOW)
                        .account();
        assertThat(account.seq()).isEqualTo(41);
        assertThat(account.settledMicros()).isEqualTo(150);
        assertThat(account.leases()).containsExactly(lease(ONE, 200, 150, 0));

        var justMore = totals(1, 110, 20, 0, 5, false);
        var next =
                new Ledger(2)
                        .apply(stored, new AccountCommand.Restore(ONE, justMore, null), NOW)
                        .account();
        assertThat(next.seq()).as("no plain write").isEqualTo(6);
    }

    @Test
    void restoreOpensNoLeaseForWhichThereIsNoRoom() {
        var leases = new LeaseAccount[Account.MAX_LEASES];
        for (var i = 0; i < leases.length; i++) {
            leases[i] = lease(new HolderId("log" + i, 1), 1, 1, 0);
        }
        var full = account(256, 5, 1, leases);
        var restore = new AccountCommand.Restore(ONE, totals(1, 5, 2, 0, 41, false), null);
        assertThat(new Ledger(1).apply(full, restore, NOW).account()).isSameAs(full);
    }

    @Test
    void rebuildCountsWhatEachLeaseHasSettledThoughOnlyOneOfTheTwoKnewIt() {
        var stored = account(150, 4, 1, lease(ONE, 100, 100, 0), lease(TWO, 100, 0, 0));
        var remembered = account(150, 4, 1, lease(ONE, 100, 0, 0), lease(TWO, 100, 100, 0));
        var account = rebuilt(new Ledger(1), stored, remembered);
        assertThat(account.settledMicros()).as("50 of closed leases").isEqualTo(250);
        assertThat(account.outstandingMicros()).isZero();
    }

    @Test
    void anAccountWhoseLeasesHaveSettledMoreThanItselfIsNotWritten() {
        var broken = account(20, 4, 1, lease(ONE, 100, 30, 0));
        assertThatThrownBy(
                        () -> new Ledger(1).apply(broken, new AccountCommand.SetLimit(2_000), NOW))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("I3");
    }
}
