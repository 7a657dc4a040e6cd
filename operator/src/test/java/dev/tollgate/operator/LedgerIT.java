package dev.tollgate.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.ledger.BudgetLedgerSpec;
import dev.tollgate.crds.ledger.Lease;
import dev.tollgate.operator.kube.BudgetLedgerResource;
import dev.tollgate.operator.ledger.LedgerClient;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.Window;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Money over {@code Ledger.Stream}, with the accounts on a real API server (budgets.md). */
class LedgerIT {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final long SLICE = 100_000;

    @TempDir Path directory;
    private OperatorFixture fleet;
    private final List<LedgerClient> clients = new ArrayList<>();

    @BeforeAll
    static void crds() {
        API.installCrds();
    }

    @BeforeEach
    void namespaces() {
        fleet = new OperatorFixture(API, directory);
    }

    @AfterEach
    void stop() throws Exception {
        clients.forEach(LedgerClient::close);
        fleet.close();
    }

    private void budget(String amount) {
        fleet.budget("all", amount);
        fleet.awaitCondition("bud/all", "Accepted", "True");
    }

    private LedgerClient client(String log) {
        var client =
                new LedgerClient(
                        fleet.vertx,
                        fleet.port(),
                        log,
                        new AccountKey(fleet.team, "all", "", Window.LIFETIME));
        clients.add(client);
        return client;
    }

    private BudgetLedgerSpec account() {
        return resource().getSpec();
    }

    private BudgetLedgerResource resource() {
        var all =
                API.client()
                        .resources(BudgetLedgerResource.class)
                        .inNamespace(fleet.platform)
                        .list()
                        .getItems();
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    /** Somebody else writes it. */
    private void write(long epoch, List<Lease> leases) {
        var resource = resource();
        var before = resource.getSpec();
        resource.setSpec(
                new BudgetLedgerSpec(
                        before.key(),
                        before.limitMicros(),
                        before.settledMicros(),
                        before.overrunMicros(),
                        before.resetMicros(),
                        before.resetAt(),
                        before.seq() + 1,
                        epoch,
                        leases,
                        before.closed(),
                        before.frozenAtSeq()));
        API.client().resource(resource).update();
    }

    @Test
    void keepsLeasesOverARestartAndNeverGrantsMoreThanTheLimit() {
        fleet.start();
        budget("1.00");
        var one = client("one");
        var two = client("two");
        for (int i = 0; i < 3; i++) {
            assertThat(one.acquire(SLICE)).isTrue();
            assertThat(two.acquire(SLICE)).isTrue();
        }
        fleet.stop();
        fleet.start();
        await().atMost(OperatorFixture.SOON)
                .until(() -> one.registrations() == 2 && two.registrations() == 2);
        int granted = 6;
        while (granted < 20 && (one.acquire(SLICE) || two.acquire(SLICE))) {
            granted++;
        }
        assertThat(granted).isEqualTo(10);
        assertThat(one.amount() + two.amount()).isEqualTo(1_000_000);
        assertThat(account().leases())
                .extracting(l -> l.holder() + " " + l.amountMicros())
                .containsExactlyInAnyOrder("one/1 " + one.amount(), "two/1 " + two.amount());
        assertThat(account().epoch()).isEqualTo(2);
    }

    @Test
    void keepsWhatAProxyHoldsChargedThatNeverComesBack() {
        fleet.start();
        budget("1.00");
        var lost = client("lost");
        assertThat(lost.acquire(700_000)).isTrue();
        lost.close();
        fleet.stop();
        fleet.start();
        var other = client("other");
        assertThat(other.acquire(400_000)).isFalse();
        assertThat(other.acquire(300_000)).isTrue();
        assertThat(other.acquire(1)).isFalse();
    }

    @Test
    void grantsAgainWhatIsReturnedAndNotWhatIsSettled() {
        fleet.start();
        budget("1.00");
        var one = client("one");
        var two = client("two");
        assertThat(one.acquire(900_000)).isTrue();
        assertThat(two.acquire(200_000)).isFalse();
        one.report(500_000, 400_000);
        await().atMost(OperatorFixture.SOON).until(() -> account().settledMicros() == 500_000);
        assertThat(two.acquire(500_000)).isTrue();
        assertThat(two.acquire(1)).isFalse();
    }

    @Test
    void lowersAndRaisesALimitWithinSeconds() {
        fleet.start();
        budget("1.00");
        var one = client("one");
        assertThat(one.acquire(600_000)).isTrue();
        fleet.budget("all", "0.50");
        await().atMost(OperatorFixture.SOON).until(() -> account().limitMicros() == 500_000);
        assertThat(one.acquire(1)).isFalse();
        fleet.budget("all", "2.00");
        await().atMost(OperatorFixture.SOON).until(() -> account().limitMicros() == 2_000_000);
        assertThat(one.acquire(1_400_000)).isTrue();
        assertThat(one.acquire(1)).isFalse();
    }

    @Test
    void refundsNothingWhenABudgetIsDeletedAndCreatedAgain() {
        fleet.start();
        budget("1.00");
        var one = client("one");
        assertThat(one.acquire(600_000)).isTrue();
        one.report(600_000, 0);
        await().atMost(OperatorFixture.SOON).until(() -> account().settledMicros() == 600_000);
        fleet.kubectl("delete", "bud/all", "-n", fleet.team);
        budget("1.00");
        assertThat(one.acquire(500_000)).isFalse();
        assertThat(one.acquire(400_000)).isTrue();
    }

    @Test
    void aBudgetWhoseAccountCannotBeReadSaysSoAndGoesOnOnceItIsMended() throws Exception {
        fleet.start();
        budget("1.00");
        var one = client("one");
        assertThat(one.acquire(SLICE)).isTrue();
        fleet.stop();
        var before = account();
        var none = new Lease("one/9999999999999999999", SLICE, 0, 0, 0, 1, Lease.State.OPEN, null);
        write(before.epoch(), List.of(none));
        fleet.start();
        fleet.awaitCondition("bud/all", "Exhausted", "True/LedgerUnreadable");
        assertThat(fleet.condition("bud/all", "Exhausted")).contains(none.holder());
        assertThat(fleet.metrics()).contains("tollgate_ledger_accounts{state=\"unreadable\"} 1\n");

        write(before.epoch(), before.leases());
        var two = client("two");
        assertThat(two.acquire(SLICE)).as("it asks until it is answered").isTrue();
        fleet.awaitCondition("bud/all", "Exhausted", "False/WithinBudget");
        assertThat(fleet.metrics()).contains("tollgate_ledger_accounts{state=\"unreadable\"} 0\n");
        assertThat(account().leases())
                .extracting(l -> l.holder() + " " + l.amountMicros())
                .contains("one/1 " + SLICE, "two/1 " + two.amount());
    }

    @Test
    void endsWhenALaterLedgerHasWrittenAnAccount() {
        fleet.start();
        budget("1.00");
        var one = client("one");
        assertThat(one.acquire(SLICE)).isTrue();
        write(account().epoch() + 1, account().leases());
        one.ask(SLICE);
        await().atMost(OperatorFixture.SOON).until(() -> fleet.fenced);
        assertThat(account().leases().getFirst().amountMicros()).isEqualTo(SLICE);
    }

    @Test
    void giveAndLoseNothingWhenTheStoreFallsSilentInTheMiddle() throws Exception {
        var address = fleet.apiAddress();
        try (var relay = new Relay(address.getPort())) {
            fleet.start(
                    fleet.options(
                            fleet.kubeconfig("relayed", "https://127.0.0.1:" + relay.port(), null),
                            OperatorOptions.Security.NONE));
            budget("1.00");
            var one = client("one");
            var two = client("two");
            assertThat(one.acquire(SLICE)).isTrue();
            relay.silent(true);
            one.ask(SLICE);
            two.ask(SLICE);
            // longer than the store waits for an answer
            await().during(java.time.Duration.ofSeconds(7))
                    .until(() -> one.amount() == SLICE && two.amount() == 0);
            relay.silent(false);
            int granted = 0;
            while (granted < 20 && (one.acquire(SLICE) || two.acquire(SLICE))) {
                granted++;
            }
            assertThat(account().leases().stream().mapToLong(l -> l.amountMicros()).sum())
                    .isEqualTo(1_000_000);
            // what was written under an answer that got lost stays charged to who had asked
            assertThat(one.amount() + two.amount()).isBetween(1_000_000 - 2 * SLICE, 1_000_000L);
        }
    }
}
