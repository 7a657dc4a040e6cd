package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps as rules that are wrong would make them: none of them is written. */
class StepCheckTest {

    private static final AccountKey KEY = LedgerModel.KEY;
    private static final HolderId ONE = new HolderId("one", 1);
    private static final HolderId ONE_AGAIN = new HolderId("one", 2);
    private static final HolderId TWO = new HolderId("two", 1);
    private static final HolderId LOST = new HolderId("lost", 1);

    private static final LeaseAccount MINE = lease(ONE, 100, 20, 10);
    private static final LeaseAccount OTHERS = lease(TWO, 100, 30, 0);
    private static final LeaseAccount RECLAIMED = lease(LOST, 100, 40, 0).reclaimed();

    private static LeaseAccount lease(HolderId holder, long amount, long settled, long returned) {
        return new LeaseAccount(holder, amount, settled, returned, 0, 3, LeaseAccount.State.OPEN);
    }

    private static LeaseAccount suspect(long settled, long returned) {
        return lease(ONE, 100, settled, returned).suspect();
    }

    /** 5 of leases that are closed. */
    private static Account account(long settled, LeaseAccount... leases) {
        return new Account(KEY, 1_000, settled, 0, 0, null, 7, 1, List.of(leases), List.of());
    }

    private static Account before() {
        return account(95, MINE, RECLAIMED, OTHERS);
    }

    private static LeaseTotals totals(long bootEpoch, long settled, long returned, boolean closed) {
        return new LeaseTotals(KEY, bootEpoch, 100, settled, returned, 0, 0, 7, closed);
    }

    private static AccountCommand told(HolderId from, LeaseTotals totals) {
        return new AccountCommand.Totals(from, totals);
    }

    private static AccountCommand acquire() {
        var said = new LedgerCommand.Acquire(TWO, 9, KEY, 1, 1, false);
        return new AccountCommand.Acquire(said, KEY.window(), 1_000, 2);
    }

    /**
     * @param after as no rule may make it
     */
    record Wrong(String what, String says, AccountCommand command, Account after) {
        @Override
        public String toString() {
            return what;
        }
    }

    static Stream<Wrong> wrong() {
        var idle = lease(ONE, 100, 20, 80);
        var refunded = account(95, idle, RECLAIMED, OTHERS);
        var dropped = account(95, RECLAIMED, OTHERS);
        return Stream.of(
                new Wrong("a refund by a grant to another", "I7", acquire(), refunded),
                new Wrong(
                        "a grant that is taken back",
                        "I7",
                        acquire(),
                        with(lease(ONE, 60, 20, 10))),
                new Wrong("a lease that expires", "I7", acquire(), dropped),
                new Wrong("a lease that expires as room is made", "I7", open(), dropped),
                new Wrong(
                        "a reclaimed lease that makes room for another",
                        "I7",
                        open(),
                        account(95, MINE, OTHERS)),
                new Wrong(
                        "a reclaimed lease that makes room for a grant",
                        "I7",
                        acquire(),
                        account(95, MINE, OTHERS)),
                new Wrong("a refund of who is suspect", "I7", suspects(), with(suspect(20, 80))),
                new Wrong("a refund of who is suspected", "I7", suspects(), dropped),
                new Wrong(
                        "more than its holder returns",
                        "I7",
                        told(ONE, totals(1, 20, 30, false)),
                        with(lease(ONE, 100, 20, 31))),
                new Wrong(
                        "what another holder returns",
                        "I7",
                        told(TWO, totals(1, 20, 80, false)),
                        refunded),
                new Wrong(
                        "what an earlier start says of a later one",
                        "I7",
                        told(ONE, totals(2, 20, 80, false)),
                        refunded),
                new Wrong(
                        "a report as if it were a close",
                        "I7",
                        told(ONE, totals(1, 20, 10, false)),
                        dropped),
                new Wrong("another's close", "I7", told(TWO, totals(1, 30, 0, true)), dropped),
                new Wrong(
                        "a close that forgets what it settled",
                        "I7",
                        told(ONE, totals(1, 50, 10, true)),
                        dropped),
                new Wrong(
                        "a close of a lost tail that forgets what it settled",
                        "I7",
                        told(ONE_AGAIN, totals(1, 90, 10, true)),
                        account(164, RECLAIMED, OTHERS)),
                new Wrong(
                        "what nobody settled",
                        "I7",
                        told(TWO, totals(1, 40, 0, false)),
                        settled(40)),
                new Wrong(
                        "more than its holder settled",
                        "I7",
                        told(ONE, totals(1, 39, 10, false)),
                        settled(40)),
                new Wrong("a reclaim of another", "I7", new AccountCommand.Reclaim(LOST), refunded),
                new Wrong("a reclaim that closes", "I7", new AccountCommand.Reclaim(ONE), dropped),
                new Wrong(
                        "what a store forgets, of another",
                        "I7",
                        new AccountCommand.Restore(TWO, totals(1, 30, 0, false), null),
                        refunded),
                new Wrong(
                        "what a store forgets, and more",
                        "I7",
                        new AccountCommand.Restore(ONE, totals(1, 20, 30, false), null),
                        refunded),
                new Wrong(
                        "what a store forgets, and a lease",
                        "I7",
                        new AccountCommand.Restore(ONE, totals(1, 20, 30, true), null),
                        dropped),
                new Wrong(
                        "a rebuild that drops what is remembered",
                        "I7",
                        new AccountCommand.Rebuild(remembers(9, MINE, OTHERS)),
                        dropped),
                new Wrong(
                        "a rebuild that drops what came later",
                        "I7",
                        new AccountCommand.Rebuild(remembers(6, OTHERS)),
                        dropped),
                new Wrong(
                        "a rebuild that returns more than is remembered",
                        "I7",
                        new AccountCommand.Rebuild(remembers(9, lease(ONE, 100, 20, 79))),
                        refunded),
                new Wrong(
                        "a rebuild that settles more than is remembered",
                        "I7",
                        new AccountCommand.Rebuild(remembers(9, lease(ONE, 100, 39, 0))),
                        settled(40)),
                new Wrong("a lower limit that recalls by itself", "I10", limit(), refunded),
                new Wrong("a lower limit that drops a lease", "I10", limit(), dropped),
                new Wrong("a limit that counts as spent", "I10", limit(), account(96, leases())),
                new Wrong(
                        "a limit that forgets who closed",
                        "I10",
                        limit(),
                        before().withClosed(TWO)),
                new Wrong("a reset that recalls by itself", "I10", reset(), refunded),
                new Wrong(
                        "a reset that forgets what is spent",
                        "I10",
                        reset(),
                        account(90, leases())),
                new Wrong("a grant that counts as spent", "I10", acquire(), account(96, leases())));
    }

    private static LeaseAccount[] leases() {
        return new LeaseAccount[] {MINE, RECLAIMED, OTHERS};
    }

    private static Account with(LeaseAccount mine) {
        return account(95, mine, RECLAIMED, OTHERS);
    }

    private static Account settled(long mine) {
        return account(75 + mine, lease(ONE, 100, mine, 10), RECLAIMED, OTHERS);
    }

    private static Account remembers(long seq, LeaseAccount... leases) {
        return remembers(seq, 5, leases);
    }

    private static Account remembers(long seq, long ofClosed, LeaseAccount... leases) {
        var settled = ofClosed + Arrays.stream(leases).mapToLong(LeaseAccount::settledMicros).sum();
        return account(settled, leases).withSeq(seq);
    }

    private static AccountCommand open() {
        return new AccountCommand.Open(new HolderId("new", 1));
    }

    private static AccountCommand suspects() {
        return new AccountCommand.Suspect(ONE);
    }

    private static AccountCommand limit() {
        return new AccountCommand.SetLimit(500);
    }

    private static AccountCommand reset() {
        return new AccountCommand.Reset(Instant.parse("2026-11-22T10:00:00Z"));
    }

    @ParameterizedTest
    @MethodSource
    void wrong(Wrong step) {
        assertThatThrownBy(() -> StepCheck.check(before(), step.command(), step.after()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(step.says() + ": ")
                .hasMessageContaining(KEY.toString());
    }

    /** As each rule makes them. */
    static Stream<AccountCommand> right() {
        return Stream.of(
                acquire(),
                told(ONE, totals(1, 60, 30, false)),
                told(ONE, totals(1, 60, 30, true)),
                told(ONE_AGAIN, totals(1, 90, 10, true)),
                told(LOST, totals(1, 100, 0, true)),
                limit(),
                reset(),
                suspects(),
                open(),
                new AccountCommand.Reclaim(TWO),
                new AccountCommand.Restore(
                        ONE, new LeaseTotals(KEY, 1, 300, 90, 110, 0, 0, 11, false), null),
                new AccountCommand.Restore(
                        LOST, new LeaseTotals(KEY, 1, 300, 90, 110, 0, 0, 11, false), null),
                new AccountCommand.Rebuild(remembers(9, 65, OTHERS)),
                new AccountCommand.Rebuild(remembers(9, 45, lease(ONE, 120, 50, 60), OTHERS)),
                new AccountCommand.Rebuild(remembers(9, 45, MINE, OTHERS.reclaimed())),
                new AccountCommand.Rebuild(remembers(6, lease(LOST, 140, 60, 0))));
    }

    @ParameterizedTest
    @MethodSource
    void right(AccountCommand command) {
        assertThatCode(() -> new Ledger(1).apply(before(), command, LedgerModel.NOW))
                .doesNotThrowAnyException();
    }

    @Test
    void aFullAccountMakesNoRoomByALeaseThatWasReclaimed() {
        var leases = new LeaseAccount[Account.MAX_LEASES];
        Arrays.setAll(leases, i -> lease(new HolderId("log" + i, 1), 1, 1, 0));
        leases[100] = leases[100].reclaimed();
        var full = account(300, leases);
        assertThat(new Ledger(1).apply(full, open(), LedgerModel.NOW).account()).isSameAs(full);
    }

    /** The ledger itself asks. */
    @Test
    void anEarlierStartReturnsAndClosesNothingOfALaterOne() {
        var account = account(5, lease(ONE_AGAIN, 100, 0, 0));
        for (var closed : List.of(false, true)) {
            var said = told(ONE, totals(2, 0, 60, closed));
            assertThatThrownBy(() -> new Ledger(1).apply(account, said, LedgerModel.NOW))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("I7: ");
            assertThatThrownBy(
                            () ->
                                    new Ledger(1)
                                            .apply(
                                                    account,
                                                    List.of(limit(), said),
                                                    LedgerModel.NOW))
                    .hasMessageStartingWith("I7: ");
        }
    }
}
