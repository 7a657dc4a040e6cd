package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.valkey.DurableValkey;
import dev.tollgate.operator.kube.BudgetLedgerResource;
import dev.tollgate.operator.ledger.LedgerClient;
import dev.tollgate.operator.ledger.ValkeyAccountStore;
import dev.tollgate.operator.ledger.ValkeyServer;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.Window;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** An operator whose accounts are in a Valkey, which loses its last writes. */
class ValkeyLedgerIT {

    @RegisterExtension static final ApiServer API = new ApiServer();
    @RegisterExtension static final DurableValkey SERVER = new DurableValkey();

    private static final long SLICE = 300_000;

    @TempDir Path directory;
    private OperatorFixture fleet;
    private ValkeyAccountStore store;
    private final List<LedgerClient> clients = new ArrayList<>();

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    /**
     * The database is one that a ledger has used before, so the operator begins without a freeze.
     */
    @BeforeEach
    void store() {
        fleet = new OperatorFixture(API, directory);
        store = new ValkeyAccountStore(fleet.vertx, server(), "fleet");
        assertThat(store.identity())
                .isInstanceOfSatisfying(
                        AccountStore.Identity.Ok.class, known -> store.proven(known.id()));
        assertThat(store.unproven()).isFalse();
    }

    @AfterEach
    void stop() throws Exception {
        clients.forEach(LedgerClient::close);
        store.close();
        fleet.close();
    }

    private static ValkeyServer server() {
        return new ValkeyServer(
                false, "127.0.0.1", SERVER.port(), 0, null, SERVER.password(), null, null);
    }

    private OperatorOptions options() {
        return fleet.options(new OperatorOptions.LedgerStore.Valkey(server(), "fleet"));
    }

    private AccountKey key() {
        return new AccountKey(fleet.team, "all", "", Window.LIFETIME);
    }

    private LedgerClient client(String log) {
        var client = new LedgerClient(fleet.vertx, fleet.port(), log, key());
        clients.add(client);
        return client;
    }

    private Account account() {
        var read = store.read(key());
        assertThat(read).isInstanceOf(AccountStore.Read.Ok.class);
        return ((AccountStore.Read.Ok) read).versioned().account();
    }

    @Test
    void grantsNothingTwiceAfterARestartOfBothThatLosesTheLastGrants() {
        fleet.start(options());
        fleet.budget("all", "1.00");
        fleet.awaitCondition("bud/all", "Accepted", "True");
        var one = client("one");
        var two = client("two");
        assertThat(one.acquire(SLICE)).isTrue();
        long mark = SERVER.fileBytes();
        assertThat(two.acquire(SLICE)).isTrue();
        fleet.stop();
        SERVER.restartWithFileCutTo(mark);
        fleet.start(options());
        var late = client("late");
        await().atMost(OperatorFixture.SOON).until(() -> late.registrations() == 1);
        late.ask(2 * SLICE);
        await().atMost(OperatorFixture.SOON)
                .until(() -> one.registrations() == 2 && two.registrations() == 2);
        await().atMost(OperatorFixture.SOON)
                .untilAsserted(
                        () ->
                                assertThat(account().leases())
                                        .extracting(l -> l.holder() + " " + l.amountMicros())
                                        .containsExactlyInAnyOrder(
                                                "one/1 " + SLICE, "two/1 " + SLICE));
        late.ask(2 * SLICE);
        await().during(Duration.ofSeconds(3))
                .atMost(OperatorFixture.SOON)
                .until(() -> late.amount() == 0);
        assertThat(
                        API.client()
                                .resources(BudgetLedgerResource.class)
                                .inNamespace(fleet.platform)
                                .list()
                                .getItems())
                .isEmpty();
    }

    @Test
    void grantsOnOverRestartsOfEachThatLoseNothing() {
        fleet.start(options());
        fleet.budget("all", "1.00");
        fleet.awaitCondition("bud/all", "Accepted", "True");
        var one = client("one");
        assertThat(one.acquire(SLICE)).isTrue();
        SERVER.restart();
        assertThat(one.acquire(SLICE)).isTrue();
        fleet.stop();
        fleet.start(options());
        await().atMost(OperatorFixture.SOON).until(() -> one.registrations() == 2);
        assertThat(one.acquire(SLICE)).isTrue();
        assertThat(one.acquire(SLICE)).isFalse();
        assertThat(account().epoch()).isEqualTo(2);
    }

    @Test
    void aBudgetWhoseAccountCannotBeReadSaysSoAndGoesOnOnceItIsMended() throws Exception {
        fleet.start(options());
        fleet.budget("all", "1.00");
        fleet.awaitCondition("bud/all", "Accepted", "True");
        var one = client("one");
        assertThat(one.acquire(SLICE)).isTrue();
        fleet.stop();
        var hash = "{fleet}:account:" + key();
        var whole = SERVER.command("HGET " + hash + " account").lines().toList().get(1);
        SERVER.command("HSET " + hash + " account '" + whole.replace("Open", "Shut") + "'");
        fleet.start(options());
        fleet.awaitCondition("bud/all", "Exhausted", "True/LedgerUnreadable");
        assertThat(fleet.condition("bud/all", "Exhausted"))
                .contains("mends its account: hash " + hash, "state: Shut");
        assertThat(fleet.metrics()).contains("tollgate_ledger_accounts{state=\"unreadable\"} 1\n");
        assertThat(fleet.metrics()).contains("tollgate_ledger_accounts{state=\"frozen\"} 0\n");

        SERVER.command("HSET " + hash + " account '" + whole + "'");
        var two = client("two");
        assertThat(two.acquire(SLICE)).as("it asks until it is answered").isTrue();
        fleet.awaitCondition("bud/all", "Exhausted", "False/WithinBudget");
        assertThat(fleet.metrics()).contains("tollgate_ledger_accounts{state=\"unreadable\"} 0\n");
        assertThat(account().leases())
                .extracting(l -> l.holder() + " " + l.amountMicros())
                .contains("one/1 " + SLICE, "two/1 " + two.amount());
    }

    @Test
    void refusesToStartOnADatabaseThatDoesNotSayWhatItIs() {
        SERVER.command("HSET {fleet}:store nodes x");
        assertThatThrownBy(() -> Operator.start(options(), () -> {}))
                .isInstanceOf(StartRefusal.class)
                .hasMessageContaining("--ledger-valkey: redis://127.0.0.1")
                .hasMessageContaining("{fleet}:store")
                .hasMessageContaining("nodes is x (expected: a number; mend it, or delete it");
    }

    @Test
    void refusesToStartOnAServerThatMayForget() {
        SERVER.command("CONFIG SET maxmemory-policy allkeys-lru");
        assertThatThrownBy(() -> Operator.start(options(), () -> {}))
                .isInstanceOf(StartRefusal.class)
                .hasMessageContaining("--ledger-valkey: redis://127.0.0.1")
                .hasMessageContaining("maxmemory-policy allkeys-lru (expected: noeviction)");
    }

    @Test
    void refusesToStartOnAServerOfBefore72() {
        SERVER.relay().old();
        assertThatThrownBy(() -> Operator.start(options(), () -> {}))
                .isInstanceOf(StartRefusal.class)
                .hasMessageContaining("version 7.0");
    }
}
