package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.valkey.DurableValkey;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.AccountStoreContract;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
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

/** The store in a Valkey keeps the contract of all stores, over faults of a real server. */
class ValkeyAccountStoreTest extends AccountStoreContract {

    @RegisterExtension static final DurableValkey SERVER = new DurableValkey();

    private static Vertx vertx;

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

    private static Account with(long seq, long epoch, long limit, long settled, long granted) {
        return new Account(
                key("a"),
                limit,
                settled,
                0,
                0,
                null,
                seq,
                epoch,
                granted == 0 ? List.of() : List.of(lease(granted)),
                List.of());
    }

    private static LeaseAccount lease(long granted) {
        return new LeaseAccount(
                new HolderId("log-1", 1), granted, 0, 0, 0, 1, LeaseAccount.State.OPEN);
    }

    private static Account with(long seq, long granted) {
        return with(seq, 1, 1_000, 0, granted);
    }

    private String written(Account account, String version) {
        var write = store.compareAndSet(key("a"), version, account);
        assertThat(write).isInstanceOf(AccountStore.Write.Ok.class);
        return ((AccountStore.Write.Ok) write).version();
    }

    /** As soon as there is a connection: a lost answer is a lost one. */
    private static AccountStore.Versioned stored(AccountStore store) {
        var read =
                await().atMost(Duration.ofSeconds(10))
                        .until(() -> store.read(key("a")), AccountStore.Read.Ok.class::isInstance);
        return ((AccountStore.Read.Ok) read).versioned();
    }

    private void refused(Account account, String version, String why) {
        var before = stored(store);
        var write = store.compareAndSet(key("a"), version, account);
        assertThat(write).isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(((AccountStore.Write.Unavailable) write).reason()).contains(why);
        assertThat(stored(store)).isEqualTo(before);
    }

    private static String identity(AccountStore store) {
        var identity = store.identity();
        assertThat(identity).isInstanceOf(AccountStore.Identity.Ok.class);
        return ((AccountStore.Identity.Ok) identity).id();
    }

    private static void all(AccountStore store) {
        assertThat(store.list("")).isInstanceOf(AccountStore.Listing.Ok.class);
    }

    // the second guard

    @Test
    void refusesAGrantAboveTheLimitAlsoAtTheFirstWrite() {
        var first = store.compareAndSet(key("a"), AccountStore.ABSENT, with(1, 1_001));
        assertThat(first).isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Absent.class);
        var version = written(with(1, 1_000), AccountStore.ABSENT);
        refused(with(2, 1_001), version, "I1");
        refused(with(2, 1, 1_000, 1, 1_000), version, "I1");
    }

    @Test
    void lowersALimitBelowWhatIsLeasedButLetsNothingMoreOut() {
        var version = written(with(1, 900), AccountStore.ABSENT);
        var lowered = written(with(2, 1, 500, 0, 900), version);
        refused(with(3, 1, 500, 0, 901), lowered, "I1");
        written(with(3, 1, 500, 0, 899), lowered);
    }

    @Test
    void refusesWhatShrinks() {
        var version = written(with(5, 7, 1_000, 10, 0), AccountStore.ABSENT);
        refused(with(5, 7, 1_000, 10, 0), version, "I5: seq");
        refused(with(6, 6, 1_000, 10, 0), version, "I5: epoch");
        refused(with(6, 7, 1_000, 9, 0), version, "I5: settledMicros");
    }

    @Test
    void isExactUpToTheLastMicroDollarThatADoubleKnowsAndRefusesMore() {
        long most = Account.MAX_MICROS;
        var version = written(with(1, 1, most, 1, most - 1), AccountStore.ABSENT);
        refused(with(2, 1, most, 2, most - 1), version, "2^53 - 1");
        refused(with(2, 1, most + 2, 1, most - 1), version, "2^53 - 1");
    }

    @Test
    void refusesToMoveAnAccountToAnotherKey() {
        var version = written(with(1, 0), AccountStore.ABSENT);
        var other =
                AccountKey.parse(
                        key("a").counterPrefix() + "2026-11-01T00:00:00Z--2026-11-02T00:00:00Z");
        var moved = new Account(other, 1_000, 0, 0, 0, null, 2, 1, List.of(), List.of());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.compareAndSet(key("a"), version, moved));
        assertThat(stored(store).account()).isEqualTo(with(1, 0));
    }

    // lost and doubled acknowledgements

    @Test
    void saysUnknownWhenTheAnswerIsLostAndReadsWhatWasWritten() {
        var version = written(with(1, 0), AccountStore.ABSENT);
        SERVER.relay().loseAnswers(1);
        assertThat(store.compareAndSet(key("a"), version, with(2, 10)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        var read = stored(store);
        assertThat(read.account()).isEqualTo(with(2, 10));
        written(with(3, 20), read.version());
    }

    @Test
    void writesOnceWhatArrivesTwice() {
        var version = written(with(1, 0), AccountStore.ABSENT);
        SERVER.relay().doubleRequests(1);
        assertThat(store.compareAndSet(key("a"), version, with(2, 10)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(stored(store).account()).isEqualTo(with(2, 10));
    }

    @Test
    void saysUnknownAndReadsNothingWhileNothingReachesTheDisk() {
        var version = written(with(1, 0), AccountStore.ABSENT);
        SERVER.relay().neverDurable(true);
        assertThat(store.compareAndSet(key("a"), version, with(2, 10)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(store.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        SERVER.relay().neverDurable(false);
        assertThat(stored(store).account()).isEqualTo(with(2, 10));
    }

    @Test
    void saysUnknownWhenTheServerStandsStillAndCountsALateWriteOnce() {
        var version = written(with(1, 0), AccountStore.ABSENT);
        SERVER.pause();
        assertThat(store.compareAndSet(key("a"), version, with(2, 10)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        SERVER.resume();
        await().untilAsserted(() -> assertThat(stored(store).account().seq()).isEqualTo(2));
        assertThat(store.compareAndSet(key("a"), version, with(2, 20)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
    }

    @Test
    void saysUnavailableWhenTheServerRefuses() {
        SERVER.relay().refuseWrite(1);
        assertThat(store.compareAndSet(key("a"), AccountStore.ABSENT, with(1, 0)))
                .isInstanceOf(AccountStore.Write.Unavailable.class);
        written(with(1, 0), AccountStore.ABSENT);
    }

    @Test
    void rebuildsAnAccountThatLeavesNumbersOutAlsoAboveALoweredLimit() {
        var version = written(with(1, 1, 500, 0, 400), AccountStore.ABSENT);
        var rebuilt = written(with(9, 1, 500, 0, 600), version);
        refused(with(10, 1, 500, 0, 601), rebuilt, "I1");
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
        assertThat(stored(store).account()).isEqualTo(with(1, 0));
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
        assertThat(stored(store).account()).isEqualTo(with(1, 0));
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
    void givesNothingOutOfAnAccountWhoseHashIsGone() {
        written(with(1, 0), AccountStore.ABSENT);
        SERVER.command("DEL {fleet}:account:" + key("a"));
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(store.compareAndSet(key("a"), AccountStore.ABSENT, with(1, 0)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(store.list("")).isEqualTo(new AccountStore.Listing.Ok(List.of()));
    }

    @Test
    void keepsAnAccountAsTheJsonThatAllStoresUse() {
        written(with(1, 10), AccountStore.ABSENT);
        assertThat(SERVER.command("HGET {fleet}:account:" + key("a") + " account"))
                .contains(new String(AccountJson.write(with(1, 10))));
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
