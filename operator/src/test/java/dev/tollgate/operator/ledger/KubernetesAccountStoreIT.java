package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.operator.kube.BudgetLedgerResource;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.AccountStoreContract;
import dev.tollgate.policy.budget.FencedStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The store in a cluster keeps the contract of all stores, and its objects guard themselves. */
class KubernetesAccountStoreIT extends AccountStoreContract {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final Instant WITHIN = Instant.parse("2026-11-20T00:00:00Z");
    private static final BudgetEntry LEDGER_BUDGET =
            BudgetBuilder.budget("team-a/a").limit(1_000).build();
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final List<KubernetesClient> clients = new ArrayList<>();
    private String namespace;
    private AccountStore store;

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void namespace() {
        namespace = "ledger-" + NUMBERS.incrementAndGet();
        API.client()
                .namespaces()
                .resource(
                        new NamespaceBuilder()
                                .withNewMetadata()
                                .withName(namespace)
                                .endMetadata()
                                .build())
                .create();
        store = reopened();
    }

    @AfterEach
    void close() {
        clients.forEach(KubernetesClient::close);
    }

    @Override
    protected AccountStore store() {
        return store;
    }

    @Override
    protected AccountStore reopened() {
        var client =
                new KubernetesClientBuilder()
                        .withConfig(
                                new ConfigBuilder(Config.fromKubeconfig(API.kubeconfigYaml()))
                                        .withRequestRetryBackoffLimit(0)
                                        .build())
                        .build();
        clients.add(client);
        return new KubernetesAccountStore(client, namespace);
    }

    private static Account with(long seq, long epoch, long limit, long granted) {
        return new Account(
                key("a"),
                limit,
                0,
                0,
                0,
                null,
                seq,
                epoch,
                granted == 0
                        ? List.of()
                        : List.of(
                                new LeaseAccount(
                                        new HolderId("log-1", 1),
                                        granted,
                                        0,
                                        0,
                                        0,
                                        1,
                                        LeaseAccount.State.OPEN)),
                List.of());
    }

    private String written(Account account, String version) {
        var write = store.compareAndSet(key("a"), version, account);
        assertThat(write).isInstanceOf(AccountStore.Write.Ok.class);
        return ((AccountStore.Write.Ok) write).version();
    }

    private Account stored() {
        return ((AccountStore.Read.Ok) store.read(key("a"))).versioned().account();
    }

    /** A faulty ledger could be one that does not assert: here the API server refuses by itself. */
    @Test
    void refusesAWriteWhoseNumberDoesNotGrow() {
        var version = written(with(3, 1, 1_000, 0), AccountStore.ABSENT);
        for (var seq = 2; seq <= 3; seq++) {
            assertThat(store.compareAndSet(key("a"), version, with(seq, 1, 900, 0)))
                    .isInstanceOf(AccountStore.Write.Unavailable.class);
        }
        assertThat(stored()).isEqualTo(with(3, 1, 1_000, 0));
    }

    @Test
    void rebuildsAnAccountThatLeavesNumbersOutAlsoAboveALoweredLimit() {
        var version = written(with(1, 1, 500, 400), AccountStore.ABSENT);
        assertThat(store.compareAndSet(key("a"), version, with(2, 1, 500, 600)))
                .isInstanceOf(AccountStore.Write.Unavailable.class);
        var rebuilt = written(with(9, 1, 500, 600), version);
        assertThat(store.compareAndSet(key("a"), rebuilt, with(10, 1, 500, 601)))
                .isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(stored().seq()).isEqualTo(9);
    }

    private static final HolderId HOLDER = new HolderId("log-1", 1);

    private LedgerService ledger(long epoch) {
        var ledger = new LedgerService(store, epoch);
        ledger.updateBudgets(List.of(LEDGER_BUDGET), WITHIN);
        return ledger;
    }

    private static LedgerEffect ask(LedgerService ledger, int request, long micros, Instant now) {
        return ledger.handle(
                        new LedgerCommand.Acquire(HOLDER, request, key("a"), micros, micros, true),
                        now)
                .getFirst();
    }

    /** As etcd after a restore: its object is an earlier one, of the same namespace. */
    @Test
    void anAccountOfABackupIsRestoredByWhoeverHasSeenMoreOfItAndGivesGrantsAgain() {
        var first = ledger(1);
        first.handle(new LedgerCommand.Register(HOLDER, "pod-0", List.of()), WITHIN);
        assertThat(ask(first, 1, 100, WITHIN)).isInstanceOf(LedgerEffect.Grant.class);
        var backup = stored();
        for (var request = 2; request <= 7; request++) {
            assertThat(ask(first, request, 100, WITHIN)).isInstanceOf(LedgerEffect.Grant.class);
        }
        var known = stored();
        assertThat(known.seq()).isEqualTo(7);
        API.client()
                .resources(BudgetLedgerResource.class)
                .inNamespace(namespace)
                .withName(AccountObjects.name(key("a")))
                .delete();
        await().until(() -> store.read(key("a")) instanceof AccountStore.Read.Absent);
        written(backup, AccountStore.ABSENT);

        var next = ledger(2);
        var held = new LeaseTotals(key("a"), 1, 700, 650, 0, 0, 0, known.seq(), false);
        assertThat(next.handle(new LedgerCommand.Register(HOLDER, "pod-0", List.of(held)), WITHIN))
                .contains(new LedgerEffect.Registered(HOLDER, true, ""));
        assertThat(stored().seq()).isGreaterThanOrEqualTo(known.seq());
        assertThat(stored().settledMicros()).isEqualTo(650);
        assertThat(stored().outstandingMicros()).isEqualTo(50);
        assertThat(next.frozen()).containsExactly(key("a"));
        assertThat(ask(next, 8, 100, WITHIN)).isInstanceOf(LedgerEffect.Denied.class);

        var later = WITHIN.plusSeconds(121);
        next.tick(later);
        assertThat(next.frozen()).isEmpty();
        assertThat(ask(next, 9, 301, later))
                .as("300 are left")
                .isInstanceOf(LedgerEffect.Denied.class);
        assertThat(ask(next, 10, 300, later)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(stored().remainingMicros()).isZero();
    }

    @Test
    void refusesALowerEpoch() {
        var version = written(with(1, 7, 1_000, 0), AccountStore.ABSENT);
        assertThat(store.compareAndSet(key("a"), version, with(2, 6, 1_000, 0)))
                .isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(stored().epoch()).isEqualTo(7);
    }

    @Test
    void lowersALimitBelowWhatIsLeasedButLetsNothingMoreOut() {
        var version = written(with(1, 1, 1_000, 900), AccountStore.ABSENT);
        var lowered = written(with(2, 1, 500, 900), version);
        assertThat(store.compareAndSet(key("a"), lowered, with(3, 1, 500, 901)))
                .isInstanceOf(AccountStore.Write.Unavailable.class);
        assertThat(stored().seq()).isEqualTo(2);
    }

    @Test
    void saysUnknownWhenNobodyAnswers() {
        var client =
                new KubernetesClientBuilder()
                        .withConfig(
                                new ConfigBuilder()
                                        .withMasterUrl("http://127.0.0.1:9")
                                        .withRequestRetryBackoffLimit(0)
                                        .build())
                        .build();
        clients.add(client);
        var nobody = new KubernetesAccountStore(client, namespace);
        assertThat(nobody.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(nobody.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(nobody.identity()).isInstanceOf(AccountStore.Identity.Unavailable.class);
        assertThat(nobody.compareAndSet(key("a"), AccountStore.ABSENT, with(1, 1, 1_000, 0)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
    }

    @Test
    void givesNothingOutToTheLedgerOfAnEarlierEpoch() {
        var version = written(with(1, 1, 1_000, 0), AccountStore.ABSENT);
        var told = new AtomicLong();
        var fenced = new FencedStore(store, 1, told::set);
        assertThat(fenced.read(key("a"))).isInstanceOf(AccountStore.Read.Ok.class);
        written(with(2, 2, 1_000, 0), version);
        assertThat(fenced.compareAndSet(key("a"), version, with(2, 1, 1_000, 10)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(fenced.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(fenced.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(told).hasValue(2);
    }

    @Test
    void namesObjectsReadablyAndEachOnce() {
        assertThat(AccountObjects.name(key("monthly"))).startsWith("team-a.monthly.20261101.");
        assertThat(name("team-a/b//lifetime")).startsWith("team-a.b.lifetime.");
        assertThat(name("team-a/b/x/lifetime")).isNotEqualTo(name("team-a/b/y/lifetime"));
        assertThat(name("team-a/b//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z"))
                .isNotEqualTo(name("team-a/b//2026-11-01T00:00:00Z--2026-11-02T00:00:00Z"));
    }

    private static String name(String key) {
        return AccountObjects.name(AccountKey.parse(key));
    }

    @Test
    void deletesOnlyWhatStillIsAsItWasRead() throws Exception {
        var first =
                (AccountStore.Write.Ok)
                        store().compareAndSet(key("a"), AccountStore.ABSENT, account(key("a"), 1));
        var second =
                (AccountStore.Write.Ok)
                        store().compareAndSet(key("a"), first.version(), account(key("a"), 2));
        assertThat(store().delete(key("a"), first.version()))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(reopened().read(key("a"))).isInstanceOf(AccountStore.Read.Ok.class);
        assertThat(store().delete(key("a"), second.version()))
                .isInstanceOf(AccountStore.Write.Ok.class);
        assertThat(reopened().read(key("a"))).isInstanceOf(AccountStore.Read.Absent.class);
        assertThat(store().delete(key("b"), second.version()))
                .isInstanceOf(AccountStore.Write.Conflict.class);
    }
}
