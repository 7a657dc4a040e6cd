package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.valkey.DurableValkey;
import dev.tollgate.crds.valkey.ValkeyRelay;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import dev.tollgate.policy.budget.StoreFaults;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The store in a Valkey keeps the contract of all stores, over faults of a real server. */
class ValkeyAccountStoreTest extends GuardedStoreContract {

    @RegisterExtension static final DurableValkey SERVER = new DurableValkey();

    private static Vertx vertx;

    /** The server is stopped and continued, and loses the end of its file. */
    private final StoreFaults faults =
            new RelayedFaults() {

                private long mark;

                @Override
                ValkeyRelay relay() {
                    return SERVER.relay();
                }

                @Override
                void run(String script) {
                    assertThat(SERVER.command("EVAL \"" + script + "\" 0")).contains("done");
                }

                @Override
                String prefix() {
                    return "fleet";
                }

                @Override
                public void stall() {
                    SERVER.pause();
                }

                @Override
                public void resume() {
                    SERVER.resume();
                }

                @Override
                public void backUp() {
                    mark = SERVER.fileBytes();
                }

                @Override
                public void regress() {
                    SERVER.restartWithFileCutTo(mark);
                }
            };

    private final List<ValkeyAccountStore> stores = new ArrayList<>();
    private ValkeyAccountStore store;

    @BeforeAll
    static void vertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeVertx() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @BeforeEach
    void open() {
        store = reopened();
    }

    @AfterEach
    void close() {
        stores.forEach(ValkeyAccountStore::close);
    }

    @Override
    protected AccountStore store() {
        return store;
    }

    @Override
    protected ValkeyAccountStore reopened() {
        var next =
                new ValkeyAccountStore(
                        vertx,
                        new ValkeyServer(
                                false,
                                "127.0.0.1",
                                SERVER.port(),
                                0,
                                null,
                                SERVER.password(),
                                null,
                                null),
                        "fleet");
        stores.add(next);
        return next;
    }

    @Override
    protected StoreFaults faults() {
        return faults;
    }

    private static Account with(long seq, long granted) {
        return with(seq, 1, 1_000, 0, granted);
    }

    private Account stored() {
        return stored(key("a")).account();
    }

    private static String identity(AccountStore store) {
        var identity = store.identity();
        assertThat(identity).isInstanceOf(AccountStore.Identity.Ok.class);
        return ((AccountStore.Identity.Ok) identity).id();
    }

    private static void all(AccountStore store) {
        assertThat(store.list("")).isInstanceOf(AccountStore.Listing.Ok.class);
    }

    @Test
    void isExactUpToTheLastMicroDollarThatADoubleKnowsAndRefusesMore() {
        long most = Account.MAX_MICROS;
        var version = written(with(1, 1, most, 1, most - 1), AccountStore.ABSENT);
        refused(with(2, 1, most, 2, most - 1), version, "2^53 - 1");
        refused(with(2, 1, most + 2, 1, most - 1), version, "2^53 - 1");
    }

    // no answer

    @Test
    void saysUnknownAndReadsNothingWhileNothingReachesTheDisk() {
        var version = written(with(1, 0), AccountStore.ABSENT);
        SERVER.relay().neverDurable(true);
        assertThat(store.compareAndSet(key("a"), version, with(2, 10)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(store.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        SERVER.relay().neverDurable(false);
        assertThat(stored()).isEqualTo(with(2, 10));
    }

    @Test
    void saysUnavailableWhenTheServerRefuses() {
        SERVER.relay().refuseWrite(1);
        assertThat(store.compareAndSet(key("a"), AccountStore.ABSENT, with(1, 0)))
                .isInstanceOf(AccountStore.Write.Unavailable.class);
        written(with(1, 0), AccountStore.ABSENT);
    }

    @Test
    void saysUnavailableWhenNobodyIsThere() {
        SERVER.relay().down(true);
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(store.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(store.identity()).isInstanceOf(AccountStore.Identity.Unavailable.class);
        assertThat(store.compareAndSet(key("a"), AccountStore.ABSENT, with(1, 0)))
                .isInstanceOf(AccountStore.Write.Unavailable.class);
        SERVER.relay().down(false);
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> written(with(1, 0), AccountStore.ABSENT));
    }

    // identity and regression

    @Test
    void keepsItsIdentityOverARestartThatHasLostNothing() {
        all(store);
        written(with(1, 0), AccountStore.ABSENT);
        var before = identity(store);
        SERVER.restart();
        assertThat(identity(store)).isEqualTo(before);
        assertThat(stored()).isEqualTo(with(1, 0));
        assertThat(reopened().identity()).isEqualTo(new AccountStore.Identity.Ok(before));
    }

    @Test
    void changesItsIdentityOnceAfterARestartThatHasLostItsLastWrites() {
        all(store);
        var version = written(with(1, 0), AccountStore.ABSENT);
        var before = identity(store);
        long mark = SERVER.fileBytes();
        var lost = written(with(2, 10), version);
        SERVER.restartWithFileCutTo(mark);
        assertThat(stored()).isEqualTo(with(1, 0));
        var after = identity(store);
        assertThat(after).isNotEqualTo(before);
        assertThat(store.compareAndSet(key("a"), lost, with(3, 20)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(identity(store)).isEqualTo(after);
    }

    @Test
    void changesItsIdentityWhenEverythingIsFlushed() {
        all(store);
        written(with(1, 0), AccountStore.ABSENT);
        var before = identity(store);
        SERVER.command("FLUSHALL");
        assertThat(identity(store)).isNotEqualTo(before);
    }

    @Test
    void isUnprovenUntilSomebodyHasHeardAll() {
        var first = identity(store);
        assertThat(store.unproven()).isTrue();
        assertThat(seenByTheNext().unproven()).isTrue();
        store.proven("another");
        assertThat(seenByTheNext().unproven()).isTrue();
        store.proven(first);
        assertThat(store.unproven()).isFalse();
        var next = seenByTheNext();
        assertThat(next.unproven()).isFalse();
        assertThat(identity(next)).isEqualTo(first);
    }

    @Test
    void isUnprovenAgainWhenItWasRestartedWhileNoLedgerRan() {
        var first = identity(store);
        store.proven(first);
        stores.forEach(ValkeyAccountStore::close);
        SERVER.restart();
        var next = seenByTheNext();
        assertThat(next.unproven()).isTrue();
        assertThat(identity(next)).isNotEqualTo(first);
    }

    @Test
    void isUnprovenAgainWhenItHasLostSomethingBeforeTheEyesOfALedger() {
        all(store);
        store.proven(identity(store));
        var version = written(with(1, 0), AccountStore.ABSENT);
        long mark = SERVER.fileBytes();
        written(with(2, 10), version);
        SERVER.restartWithFileCutTo(mark);
        identity(store);
        assertThat(store.unproven()).isTrue();
        assertThat(seenByTheNext().unproven()).isTrue();
    }

    private ValkeyAccountStore seenByTheNext() {
        var next = reopened();
        identity(next);
        return next;
    }

    @Test
    void keepsAnAccountAsTheJsonThatAllStoresUse() {
        written(with(1, 10), AccountStore.ABSENT);
        assertThat(SERVER.command("HGET {fleet}:account:" + key("a") + " account"))
                .contains(new String(AccountJson.write(with(1, 10))));
    }

    // deletion

    private static Account of(LeaseAccount.State state) {
        var lease = new LeaseAccount(new HolderId("log-1", 1), 10, 4, 0, 0, 1, state);
        return new Account(key("a"), 1_000, 4, 0, 0, null, 1, 1, List.of(lease), List.of());
    }

    @ParameterizedTest
    @EnumSource(LeaseAccount.State.class)
    void deletesNoAccountOfWhichALeaseMayStillBeSettled(LeaseAccount.State state) {
        var version = written(of(state), AccountStore.ABSENT);
        var answer = store.delete(key("a"), version);
        if (state == LeaseAccount.State.RECLAIMED) {
            assertThat(answer).isInstanceOf(AccountStore.Write.Ok.class);
            assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Absent.class);
        } else {
            assertThat(answer).isInstanceOf(AccountStore.Write.Unavailable.class);
            assertThat(stored()).isEqualTo(of(state));
        }
    }

    @Test
    void keepsALifetimeAccount() {
        var key = AccountKey.parse("team-a/a//lifetime");
        var version = written(Account.opened(key, 5), AccountStore.ABSENT);
        assertThat(store.delete(key, version)).isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(stored(key).account()).isEqualTo(Account.opened(key, 5));
    }

    @Test
    void aDeletionWithoutAnAnswerIsMadeOnceAndIsNoLoss() {
        all(store);
        var version = written(with(1, 0), AccountStore.ABSENT);
        var before = identity(store);
        SERVER.relay().loseRequests(1);
        assertThat(store.delete(key("a"), version)).isInstanceOf(AccountStore.Write.Unknown.class);
        assertThat(stored()).isEqualTo(with(1, 0));
        SERVER.relay().loseAnswers(1);
        assertThat(store.delete(key("a"), version)).isInstanceOf(AccountStore.Write.Unknown.class);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> store.read(key("a")) instanceof AccountStore.Read.Absent);
        assertThat(store.delete(key("a"), version)).isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(identity(store)).isEqualTo(before);
        written(with(1, 10), AccountStore.ABSENT);
        assertThat(identity(store)).isEqualTo(before);
    }

    @Test
    void aDeletionHidesNoLossOfALaterWindow() {
        all(store);
        var later = AccountKey.parse("team-a/a//2026-12-01T00:00:00Z--2027-01-01T00:00:00Z");
        written(account(later, 1), AccountStore.ABSENT);
        var version = written(with(1, 0), AccountStore.ABSENT);
        var before = identity(store);
        assertThat(store.delete(key("a"), version)).isInstanceOf(AccountStore.Write.Ok.class);
        assertThat(identity(store)).isEqualTo(before);
        SERVER.command("DEL {fleet}:account:" + later);
        SERVER.command("HDEL {fleet}:accounts " + later);
        assertThat(identity(store)).isNotEqualTo(before);
    }

    @Test
    void aDeletionHidesNoLossOfALaterWrite() {
        all(store);
        var other = key("b");
        var first = written(account(other, 1), AccountStore.ABSENT);
        var version = written(with(1, 0), AccountStore.ABSENT);
        assertThat(store.delete(key("a"), version)).isInstanceOf(AccountStore.Write.Ok.class);
        var before = identity(store);
        long mark = SERVER.fileBytes();
        written(account(other, 2), first);
        SERVER.restartWithFileCutTo(mark);
        assertThat(identity(store)).isNotEqualTo(before);
    }

    // servers that cannot keep accounts

    @Test
    void refusesAServerThatMayEvict() {
        SERVER.command("CONFIG SET maxmemory-policy allkeys-lru");
        assertThat(reopened().refusal()).contains("maxmemory-policy allkeys-lru", "noeviction");
    }

    @Test
    void refusesAServerWithoutAnAppendOnlyFile() {
        SERVER.command("CONFIG SET appendonly no");
        assertThat(reopened().refusal()).contains("appendonly no", "expected: yes");
    }

    @Test
    void refusesAServerThatLeavesTheDiskToTheKernel() {
        SERVER.command("CONFIG SET appendfsync no");
        assertThat(reopened().refusal()).contains("appendfsync no");
    }

    @Test
    void takesAServerThatIsFit() {
        assertThat(reopened().refusal()).isNull();
    }
}
