package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.AccountStoreContract;
import org.junit.jupiter.api.Test;

/**
 * What a store must do that several ledgers can reach: it checks by itself what a ledger writes, so
 * that a faulty one cannot lend too much either.
 */
abstract class GuardedStoreContract extends AccountStoreContract {

    private static final long LIMIT = 1_000;

    private static Account with(long seq, long granted) {
        return with(seq, 1, LIMIT, 0, granted);
    }

    /** Nothing is changed. */
    final void refused(Account account, String version, String why) {
        var before = stored(key("a"));
        var write = store().compareAndSet(key("a"), version, account);
        assertThat(write).isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(((AccountStore.Write.Unavailable) write).reason()).contains(why);
        assertThat(stored(key("a"))).isEqualTo(before);
    }

    @Test
    void refusesAGrantAboveTheLimitAlsoAtTheFirstWrite() {
        var first = store().compareAndSet(key("a"), AccountStore.ABSENT, with(1, LIMIT + 1));
        assertThat(first).isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(store().read(key("a"))).isInstanceOf(AccountStore.Read.Absent.class);
        var version = written(with(1, LIMIT), AccountStore.ABSENT);
        refused(with(2, LIMIT + 1), version, "I1");
        refused(with(2, 1, LIMIT, 1, LIMIT), version, "I1");
    }

    @Test
    void lowersALimitBelowWhatIsLeasedButLetsNothingMoreOut() {
        var version = written(with(1, 900), AccountStore.ABSENT);
        var lowered = written(with(2, 1, 500, 0, 900), version);
        refused(with(3, 1, 500, 0, 901), lowered, "I1");
        written(with(3, 1, 500, 0, 899), lowered);
    }

    private static Account frozen(long seq, long granted, long at) {
        var account = with(seq, granted);
        return new Account(
                account.key(),
                LIMIT,
                0,
                0,
                0,
                null,
                seq,
                1,
                account.leases(),
                account.closed(),
                at);
    }

    @Test
    void grantsNothingOfAnAccountThatIsFrozen() {
        var version = written(with(1, 300), AccountStore.ABSENT);
        refused(frozen(2, 301, 1), version, "frozenAtSeq");
        refused(frozen(2, 300, 2), version, "frozenAtSeq");
        var freezes = written(frozen(2, 300, 1), version);
        refused(frozen(3, 301, 1), freezes, "frozenAtSeq");
        refused(frozen(3, 300, 2), freezes, "frozenAtSeq");
        var rebuilt = written(frozen(9, 400, 2), freezes);
        var thawed = written(with(10, 400), rebuilt);
        written(with(11, 401), thawed);
    }

    @Test
    void refusesWhatShrinks() {
        var version = written(with(5, 7, LIMIT, 10, 0), AccountStore.ABSENT);
        refused(with(4, 7, LIMIT, 11, 0), version, "I5: seq");
        refused(with(5, 7, LIMIT, 11, 0), version, "I5: seq");
        refused(with(6, 6, LIMIT, 10, 0), version, "I5: epoch");
        refused(with(6, 7, LIMIT, 9, 0), version, "I5: settledMicros");
    }

    @Test
    void rebuildsAnAccountThatLeavesNumbersOutAlsoAboveALoweredLimit() {
        var version = written(with(1, 1, 500, 0, 400), AccountStore.ABSENT);
        refused(with(2, 1, 500, 0, 600), version, "I1");
        var rebuilt = written(with(9, 1, 500, 0, 600), version);
        refused(with(10, 1, 500, 0, 601), rebuilt, "I1");
    }
}
