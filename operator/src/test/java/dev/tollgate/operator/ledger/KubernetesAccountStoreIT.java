package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.ledger.BudgetLedgerSpec;
import dev.tollgate.crds.ledger.Lease;
import dev.tollgate.crds.ledger.LedgerKey;
import dev.tollgate.operator.kube.BudgetLedgerResource;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.budget.StoreFaults;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The store in a cluster keeps the contract of all stores, and its objects guard themselves. */
class KubernetesAccountStoreIT extends GuardedStoreContract {

    @RegisterExtension static final ApiServer API = new ApiServer();

    /** Less than in production, for those that get no answer. */
    private static final int TIMEOUT_MILLIS = 1_500;

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final List<KubernetesClient> clients = new ArrayList<>();
    private final Faults faults = new Faults();
    private String namespace;
    private ApiRelay relay;
    private AccountStore store;

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void namespace() throws IOException {
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
        relay = new ApiRelay(client(Config.fromKubeconfig(API.kubeconfigYaml())));
        store = reopened();
    }

    @AfterEach
    void close() {
        relay.close();
        clients.forEach(KubernetesClient::close);
    }

    /** It repeats no request, as that of the operator's store. */
    private KubernetesClient client(Config config) {
        var client =
                new KubernetesClientBuilder()
                        .withConfig(
                                new ConfigBuilder(config).withRequestRetryBackoffLimit(0).build())
                        .build();
        clients.add(client);
        return client;
    }

    private AccountStore at(String url) {
        var config =
                new ConfigBuilder(Config.empty())
                        .withMasterUrl(url)
                        .withRequestTimeout(TIMEOUT_MILLIS)
                        .build();
        return new KubernetesAccountStore(client(config), namespace);
    }

    @Override
    protected AccountStore store() {
        return store;
    }

    @Override
    protected AccountStore reopened() {
        return at(relay.url());
    }

    @Override
    protected StoreFaults faults() {
        return faults;
    }

    /** A regression is that of etcd after a restore: its object is an earlier one. */
    private final class Faults implements StoreFaults {

        private final List<Account> kept = new ArrayList<>();
        private List<Lease> whole = List.of();

        @Override
        public void loseNextAnswer() {
            relay.loseNextAnswer();
        }

        @Override
        public void loseNextWrite() {
            relay.loseNextWrite();
        }

        @Override
        public void doubleNextWrite() {
            relay.doubleNextWrite();
        }

        @Override
        public void stall() {
            relay.stall(true);
        }

        /** The client gives up after a time. */
        @Override
        public boolean keepsAWriterWaiting() {
            return false;
        }

        @Override
        public void resume() {
            relay.stall(false);
        }

        @Override
        public void backUp() {
            all().forEach(versioned -> kept.add(versioned.account()));
        }

        @Override
        public void regress() {
            API.client().resources(BudgetLedgerResource.class).inNamespace(namespace).delete();
            await().until(() -> all().isEmpty());
            kept.forEach(account -> written(account, AccountStore.ABSENT));
        }

        @Override
        public void spoil(AccountKey key) {
            whole = object(key).getSpec().leases();
            update(key, spec -> later(spoilt(spec, spec.key(), unreadableLease())));
        }

        @Override
        public void mend(AccountKey key) {
            update(key, spec -> later(spoilt(spec, spec.key(), whole.toArray(Lease[]::new))));
        }

        private List<AccountStore.Versioned> all() {
            return ((AccountStore.Listing.Ok) store.list("")).accounts();
        }
    }

    @Test
    void saysUnknownWhenTheAnswerIsCutShort() {
        var version = written(with(1, 1, 1_000, 0, 0), AccountStore.ABSENT);
        relay.cutNextAnswer();
        assertThat(store.compareAndSet(key("a"), version, with(2, 1, 1_000, 0, 10)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        assertThat(stored(key("a")).account().seq()).isEqualTo(2);
    }

    @Test
    void saysUnknownWhenTheAnswerIsEmpty() {
        relay.emptyNextAnswer();
        assertThat(store.compareAndSet(key("a"), AccountStore.ABSENT, with(1, 1, 1_000, 0, 0)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        var version = stored(key("a")).version();
        relay.emptyNextAnswer();
        assertThat(store.compareAndSet(key("a"), version, with(2, 1, 1_000, 0, 10)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
        assertThat(stored(key("a")).account().seq()).isEqualTo(2);
    }

    @Test
    void takesNoEmptyAnswerForAnAbsentAccount() {
        written(with(1, 1, 1_000, 0, 0), AccountStore.ABSENT);
        relay.emptyReads(true);
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(store.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(store.identity()).isInstanceOf(AccountStore.Identity.Unavailable.class);
    }

    @Test
    void saysUnknownWhenNobodyAnswers() {
        var nobody = at("http://127.0.0.1:9");
        assertThat(nobody.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(nobody.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(nobody.identity()).isInstanceOf(AccountStore.Identity.Unavailable.class);
        assertThat(nobody.compareAndSet(key("a"), AccountStore.ABSENT, with(1, 1, 1_000, 0, 0)))
                .isInstanceOf(AccountStore.Write.Unknown.class);
    }

    private BudgetLedgerResource object(AccountKey key) {
        return API.client()
                .resources(BudgetLedgerResource.class)
                .inNamespace(namespace)
                .withName(AccountObjects.name(key))
                .require();
    }

    /** As somebody else could write it: what the object's rules let pass. */
    private void write(Account account, UnaryOperator<BudgetLedgerSpec> spoilt) {
        var object = AccountObjects.object(namespace, account, null);
        object.setSpec(spoilt.apply(object.getSpec()));
        API.client().resource(object).create();
    }

    private static BudgetLedgerSpec spoilt(BudgetLedgerSpec spec, LedgerKey key, Lease... leases) {
        return new BudgetLedgerSpec(
                key,
                spec.limitMicros(),
                spec.settledMicros(),
                spec.overrunMicros(),
                spec.resetMicros(),
                spec.resetAt(),
                spec.seq(),
                spec.epoch(),
                List.of(leases),
                spec.closed(),
                spec.frozenAtSeq());
    }

    /** Of a start that no long can hold. */
    private static Lease unreadableLease() {
        return new Lease("log-1/9999999999999999999", 400, 0, 0, 0, 1, Lease.State.OPEN, null);
    }

    @Test
    void oneObjectThatCannotBeReadKeepsNobodyFromTheOthers() {
        written(with(1, 1, 1_000, 0, 0), AccountStore.ABSENT);
        write(account(key("b"), 7), spec -> spoilt(spec, spec.key(), unreadableLease()));

        var listing = (AccountStore.Listing.Ok) store.list("");
        assertThat(listing.accounts())
                .extracting(each -> each.account().key())
                .containsExactly(key("a"));
        var damaged = listing.damaged().getFirst();
        assertThat(listing.damaged()).hasSize(1);
        assertThat(damaged.key()).isEqualTo(key("b"));
        assertThat(damaged.name()).isEqualTo("BudgetLedger " + AccountObjects.name(key("b")));
        assertThat(damaged.epoch()).isEqualTo(1);
        assertThat(damaged.reason()).contains("log-1/9999999999999999999");
        assertThat(store.read(key("b"))).isEqualTo(new AccountStore.Read.Unreadable(damaged));
        assertThat(((AccountStore.Listing.Ok) store.list("team-a/a/")).damaged()).isEmpty();
        assertThat(store.compareAndSet(key("b"), AccountStore.ABSENT, account(key("b"), 1)))
                .as("nobody writes over it")
                .isInstanceOf(AccountStore.Write.Conflict.class);
    }

    @Test
    void anObjectIsNoAccountIfItIsAnotherOneThanItsNameSays() {
        var other = AccountObjects.object(namespace, account(key("a"), 1), null).getSpec().key();
        write(account(key("b"), 7), spec -> spoilt(spec, other));

        assertThat(store.read(key("b")))
                .isInstanceOfSatisfying(
                        AccountStore.Read.Unreadable.class,
                        read -> {
                            assertThat(read.damaged().key()).isEqualTo(key("b"));
                            assertThat(read.damaged().reason()).contains(key("a").toString());
                        });
        assertThat(store.read(key("a"))).isInstanceOf(AccountStore.Read.Absent.class);
        var listing = (AccountStore.Listing.Ok) store.list("");
        assertThat(listing.accounts()).isEmpty();
        assertThat(listing.damaged())
                .singleElement()
                .satisfies(
                        damaged -> {
                            assertThat(damaged.key()).as("which one it is to be").isNull();
                            assertThat(damaged.name())
                                    .isEqualTo("BudgetLedger " + AccountObjects.name(key("b")));
                        });
    }

    /** The ledger that starts with it, and goes on once somebody has mended it. */
    @Test
    void aBudgetWhoseAccountCannotBeReadGetsNothingUntilItIsMended() {
        var lease = unreadableLease();
        write(account(key("b"), 7), spec -> spoilt(spec, spec.key(), lease));
        var now = Instant.parse("2026-11-21T09:00:00Z");
        var ledger = new LedgerService(store, 2);
        ledger.updateBudgets(
                List.of(
                        BudgetBuilder.budget("team-a/a").limit(1_000).build(),
                        BudgetBuilder.budget("team-a/b").limit(1_000_000).build()),
                now);
        var holder = new HolderId("log-2", 1);
        ledger.handle(new LedgerCommand.Register(holder, "pod", List.of()), now);
        assertThat(ledger.unreadable())
                .extracting(AccountStore.Damaged::key)
                .containsExactly(key("b"));
        assertThat(ask(ledger, holder, key("a"), now)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(ask(ledger, holder, key("b"), now)).isInstanceOf(LedgerEffect.Denied.class);

        var mended = new Lease("log-1/1", 400, 0, 0, 0, 1, Lease.State.OPEN, null);
        update(key("b"), spec -> later(spoilt(spec, spec.key(), mended)));
        assertThat(ask(ledger, holder, key("b"), now)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(ledger.unreadable()).isEmpty();
        assertThat(stored(key("b")).account().lease(new HolderId("log-1", 1)).amountMicros())
                .isEqualTo(400);
    }

    /** Whatever the ledger that knew it is told, and a ledger that begins later. */
    @Test
    void nobodyWritesOverAnAccountThatCannotBeReadAnyMore() {
        var now = Instant.parse("2026-11-21T09:00:00Z");
        var b = BudgetBuilder.budget("team-a/b").limit(1_000).build();
        var budgets = List.of(BudgetBuilder.budget("team-a/a").limit(1_000).build(), b);
        var ledger = new LedgerService(store, 1);
        ledger.updateBudgets(budgets, now);
        var holder = new HolderId("log-2", 1);
        ledger.handle(new LedgerCommand.Register(holder, "pod", List.of()), now);
        assertThat(ask(ledger, holder, key("b"), now)).isInstanceOf(LedgerEffect.Grant.class);
        var known = object(key("b")).getSpec();
        var lease = known.leases().getFirst();

        update(key("b"), spec -> later(spoilt(spec, spec.key(), lease, unreadableLease())));
        var spoilt = object(key("b"));
        var lower = BudgetBuilder.as(b).limit(900).build();
        for (var each : List.of(ledger, new LedgerService(store, 2))) {
            each.updateBudgets(List.of(budgets.getFirst(), lower), now);
            each.tick(now);
            each.handle(new LedgerCommand.Register(holder, "pod", List.of(spent(false))), now);
            assertThat(each.handle(acquire(holder, key("b"), 2), now))
                    .hasOnlyElementsOfType(LedgerEffect.Denied.class);
            each.handle(new LedgerCommand.Report(holder, List.of(spent(false))), now);
            assertThat(each.handle(new LedgerCommand.Close(holder, spent(true)), now)).isEmpty();
            each.tick(now.plusSeconds(60));
            assertThat(each.unreadable())
                    .extracting(AccountStore.Damaged::key)
                    .containsExactly(key("b"));
            assertThat(object(key("b"))).isEqualTo(spoilt);
            assertThat(each.handle(acquire(holder, key("a"), each == ledger ? 1 : 2), now))
                    .as("the others go on")
                    .hasAtLeastOneElementOfType(LedgerEffect.Grant.class);
        }

        update(key("b"), spec -> later(spoilt(spec, spec.key(), lease)));
        var told = new ArrayList<LedgerEffect>();
        ledger.turn(key("b"), now, told::addAll);
        assertThat(told).contains(new LedgerEffect.Closed(holder, key("b"), 1));
        assertThat(stored(key("b")).account().settledMicros()).isEqualTo(4);
        assertThat(stored(key("b")).account().leases()).isEmpty();
    }

    private LeaseTotals spent(boolean closed) {
        return new LeaseTotals(key("b"), 1, 10, 4, 0, 0, 0, 1, closed);
    }

    private static BudgetLedgerSpec later(BudgetLedgerSpec spec) {
        return new BudgetLedgerSpec(
                spec.key(),
                spec.limitMicros(),
                spec.settledMicros(),
                spec.overrunMicros(),
                spec.resetMicros(),
                spec.resetAt(),
                spec.seq() + 1,
                spec.epoch(),
                spec.leases(),
                spec.closed(),
                spec.frozenAtSeq());
    }

    private void update(AccountKey key, UnaryOperator<BudgetLedgerSpec> change) {
        var object = object(key);
        object.setSpec(change.apply(object.getSpec()));
        API.client().resource(object).update();
    }

    private static LedgerCommand.Acquire acquire(HolderId holder, AccountKey key, long request) {
        return new LedgerCommand.Acquire(holder, request, key, 10, 10, true);
    }

    private static LedgerEffect ask(
            LedgerService ledger, HolderId holder, AccountKey key, Instant now) {
        return ledger.handle(acquire(holder, key, 1), now).getFirst();
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
}
