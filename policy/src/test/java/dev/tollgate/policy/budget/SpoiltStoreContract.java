package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.BudgetBuilder;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What every account store must do with an account that cannot be read, and a ledger with it: it
 * gives nothing, it is not taken for one that is absent, and it is in nobody's way (decision 0052).
 */
abstract class SpoiltStoreContract extends SoundStoreContract {

    static final Instant NOW = Instant.parse("2026-11-20T00:00:00Z");
    private static final HolderId NEIGHBOUR = new HolderId("log-2", 1);
    private static final long LENT = 400;
    private static final int RESTARTS = 2;

    /** What happens to the store under test. */
    protected abstract StoreFaults faults();

    @Test
    void oneAccountThatCannotBeReadKeepsNobodyFromTheOthers() throws Exception {
        var version = create(key("b"));
        written(with(1, 7, LIMIT, 0, LENT), AccountStore.ABSENT);
        var identity = store().identity();
        faults().spoil(key("a"));
        for (var seq = 2; seq < 2 + RESTARTS; seq++) {
            var next = reopened();
            var listing = (AccountStore.Listing.Ok) next.list("");
            assertThat(listing.accounts())
                    .extracting(AccountStore.Versioned::account)
                    .containsExactly(account(key("b"), seq - 1));
            assertThat(listing.damaged()).hasSize(1);
            var damaged = listing.damaged().getFirst();
            assertThat(damaged.key()).isEqualTo(key("a"));
            assertThat(damaged.epoch()).isEqualTo(7);
            assertThat(damaged.name()).isNotBlank();
            assertThat(damaged.reason()).isNotBlank();
            assertThat(next.read(key("a"))).isEqualTo(new AccountStore.Read.Unreadable(damaged));
            assertThat(next.list("team-a/a/"))
                    .isEqualTo(new AccountStore.Listing.Ok(List.of(), List.of(damaged)));
            assertThat(((AccountStore.Listing.Ok) next.list("team-a/b/")).damaged()).isEmpty();
            assertThat(next.read(key("c"))).isInstanceOf(AccountStore.Read.Absent.class);
            assertThat(next.identity()).as("nothing is lost").isEqualTo(identity);
            version = written(account(key("b"), seq), version);
        }
    }

    @Test
    void nobodyWritesOverAnAccountThatCannotBeRead() throws Exception {
        var version = written(with(1, 1, LIMIT, 0, LENT), AccountStore.ABSENT);
        faults().spoil(key("a"));
        for (var restart = 0; restart < RESTARTS; restart++) {
            var next = reopened();
            for (var expected : List.of(AccountStore.ABSENT, version)) {
                assertThat(next.compareAndSet(key("a"), expected, with(2, 1, LIMIT, 0, 0)))
                        .isInstanceOf(AccountStore.Write.Conflict.class);
            }
            assertThat(next.delete(key("a"), version))
                    .isInstanceOf(AccountStore.Write.Conflict.class);
            assertThat(next.read(key("a"))).isInstanceOf(AccountStore.Read.Unreadable.class);
        }
        faults().mend(key("a"));
        var mended = stored(key("a"));
        assertThat(mended.account().outstandingMicros()).isEqualTo(LENT);
        written(with(mended.account().seq() + 1, 1, LIMIT, 0, 0), mended.version());
        assertThat(reopened().list("")).isInstanceOf(AccountStore.Listing.Ok.class);
        assertThat(stored(key("a")).account().outstandingMicros()).isZero();
    }

    @Test
    void aLedgerBeginsWithoutItAndLendsOnlyTheRestOfItOnceItIsMended() throws Exception {
        assertThat(asked(begun(1, HOLDER), HOLDER, key("a"), LENT))
                .isInstanceOf(LedgerEffect.Grant.class);
        faults().spoil(key("a"));
        for (var epoch = 2; epoch < 2 + RESTARTS; epoch++) {
            reopened();
            var ledger = begun(epoch, NEIGHBOUR);
            assertThat(ledger.unreadable())
                    .extracting(AccountStore.Damaged::key)
                    .containsExactly(key("a"));
            assertThat(asked(ledger, NEIGHBOUR, key("b"), epoch))
                    .isInstanceOf(LedgerEffect.Grant.class);
            assertThat(asked(ledger, NEIGHBOUR, key("a"), 1))
                    .isInstanceOfSatisfying(
                            LedgerEffect.Denied.class,
                            denied ->
                                    assertThat(denied.reason())
                                            .isEqualTo(DeniedReason.UNAVAILABLE));
            assertThat(ledger.frozen()).as("nothing is lost").isEmpty();
        }
        var ledger = begun(2 + RESTARTS, NEIGHBOUR);
        faults().mend(key("a"));
        assertThat(asked(ledger, NEIGHBOUR, key("a"), LIMIT - LENT + 1))
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied ->
                                assertThat(denied.reason()).isNotEqualTo(DeniedReason.UNAVAILABLE));
        assertThat(ledger.unreadable()).isEmpty();
        assertThat(asked(ledger, NEIGHBOUR, key("a"), LIMIT - LENT))
                .isInstanceOf(LedgerEffect.Grant.class);
        assertThat(stored(key("a")).account().remainingMicros()).isZero();
    }

    /** A ledger that knows the Budgets a and b, and where one proxy has registered. */
    private LedgerService begun(long epoch, HolderId holder) {
        var ledger = new LedgerService(present(), epoch);
        ledger.updateBudgets(
                List.of(
                        BudgetBuilder.budget("team-a/a").limit(LIMIT).build(),
                        BudgetBuilder.budget("team-a/b").limit(LIMIT).build()),
                NOW);
        var register = new LedgerCommand.Register(holder, "pod-" + holder.logId(), List.of());
        assertThat(ledger.handle(register, NOW))
                .contains(new LedgerEffect.Registered(holder, true, ""));
        ledger.tick(NOW);
        return ledger;
    }

    private long requests;

    /** The answer to one Acquire. */
    private LedgerEffect asked(LedgerService ledger, HolderId holder, AccountKey key, long micros) {
        var acquire = new LedgerCommand.Acquire(holder, ++requests, key, micros, micros, true);
        return ledger.handle(acquire, NOW).stream()
                .filter(
                        effect ->
                                effect instanceof LedgerEffect.Grant
                                        || effect instanceof LedgerEffect.Denied)
                .findFirst()
                .orElseThrow();
    }

    /** The store under test at each time, as one that stays. */
    final AccountStore present() {
        return new AccountStore() {
            @Override
            public Read read(AccountKey key) {
                return store().read(key);
            }

            @Override
            public Write compareAndSet(AccountKey key, String version, Account account) {
                return store().compareAndSet(key, version, account);
            }

            @Override
            public Listing list(String prefix) {
                return store().list(prefix);
            }

            @Override
            public Identity identity() {
                return store().identity();
            }
        };
    }
}
