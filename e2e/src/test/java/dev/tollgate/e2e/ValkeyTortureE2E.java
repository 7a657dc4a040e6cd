package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.valkey.DurableValkey;
import dev.tollgate.e2e.Crowd.End;
import dev.tollgate.operator.ledger.ValkeyAccountStore;
import dev.tollgate.operator.ledger.ValkeyServer;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.LeaseAccount;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same with the accounts in a Valkey: after the mischief it is killed together with the
 * operator, and comes back without what it was told in its last seconds, grants among it. What a
 * proxy knows of these is charged again; nothing is granted in the freeze that follows, and what
 * proxies hold is spent. The bills stay within the amounts, nothing is held in the end, and no
 * lease is left but those whose close was forgotten.
 *
 * <p>System properties as in {@link TortureE2E}; with {@code torture.thaw=true} it goes on past the
 * two minutes of the freeze, until all is spent.
 */
class ValkeyTortureE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();
    @RegisterExtension static final DurableValkey SERVER = new DurableValkey();

    private static final String PREFIX = "torture";
    private static final int SECONDS = Integer.getInteger("torture.seconds", 12);
    private static final Duration LOST = Duration.ofSeconds(1);
    private static final boolean THAW = Boolean.getBoolean("torture.thaw");
    private static final Duration FREEZE = Duration.ofMinutes(2);
    private static final double MOST = 0.6;

    @TempDir Path folder;
    private final Vertx vertx = Vertx.vertx();

    /** As one that a ledger has used before: an empty one would be frozen for two minutes. */
    @BeforeEach
    void prove() {
        try (var store = store()) {
            assertThat(store.identity())
                    .isInstanceOfSatisfying(
                            AccountStore.Identity.Ok.class, known -> store.proven(known.id()));
        }
    }

    @AfterEach
    void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private ValkeyAccountStore store() {
        var server =
                new ValkeyServer(
                        false, "127.0.0.1", SERVER.port(), 0, null, SERVER.password(), null, null);
        return new ValkeyAccountStore(vertx, server, PREFIX);
    }

    @Test
    void noBillIsAboveItsBudgetThoughTheStoreForgetsItsLastSecond() throws Exception {
        API.installCrds();
        var plan =
                new Torture.Plan(
                        "valkey",
                        3,
                        SECONDS,
                        1,
                        List.of(
                                "--ledger-store=valkey",
                                "--ledger-valkey=" + SERVER.url(),
                                "--ledger-valkey-prefix=" + PREFIX));
        try (var torture = new Torture(API, folder, plan)) {
            torture.strike();
            spendMost(torture);
            var loss = loseTheLastSecond(torture);
            await().atMost(Torture.SOON).until(() -> isChargedAgain(loss));
            var refused = torture.few.count(End.UNAVAILABLE);
            await().atMost(Torture.SOON)
                    .until(
                            () ->
                                    torture.few.count(End.UNAVAILABLE)
                                            > refused + Torture.STEADY_CLIENTS);
            if (THAW) {
                var served = torture.few.count(End.SERVED);
                await().atMost(FREEZE.plus(Torture.SOON))
                        .until(
                                () ->
                                        torture.few.count(End.SERVED)
                                                > served + Torture.STEADY_CLIENTS);
            }
            torture.endSteady();
            if (THAW) {
                torture.spendTheRest();
            }
            torture.awaitQuiet();
            torture.assertBills();
            torture.fleet.stopProxies();
            await().atMost(Torture.SOON)
                    .untilAsserted(
                            () ->
                                    assertThat(loss.closes())
                                            .as("closes that were forgotten")
                                            .containsAll(amounts(accounts()).keySet()));
            var after = accounts();
            assertThat(after).containsKeys(loss.before().keySet().toArray(String[]::new));
            for (var account : after.values()) {
                assertCharged(torture, account, loss);
            }
        }
    }

    /**
     * What the store has forgotten.
     *
     * @param before the accounts as they were a moment before
     * @param left what it was left with
     */
    private record Loss(Map<String, Account> before, Map<String, Account> left) {

        /** Leases that were given money, with all of it. */
        Map<String, Long> grants() {
            return raised(left, before);
        }

        /** Leases that were closed. */
        Set<String> closes() {
            var closed = new HashSet<>(amounts(left).keySet());
            closed.removeAll(amounts(before).keySet());
            return closed;
        }
    }

    /** So that there is not enough for what is forgotten to be granted once more and again. */
    private void spendMost(Torture torture) {
        torture.few.askForMore(Torture.MORE_OUTPUT);
        var budget = torture.teams.namespace(torture.steady) + "/all";
        await().atMost(Torture.SOON)
                .until(
                        () ->
                                accounts().values().stream()
                                        .filter(each -> each.key().budget().equals(budget))
                                        .anyMatch(
                                                each -> charged(each) > MOST * each.limitMicros()));
    }

    private static long charged(Account account) {
        return account.settledMicros() + account.outstandingMicros();
    }

    private Loss loseTheLastSecond(Torture torture) throws Exception {
        long mark = SERVER.fileBytes();
        var then = accounts();
        await().pollDelay(LOST)
                .atMost(Torture.SOON)
                .until(() -> !raised(then, accounts()).isEmpty());
        var before = accounts();
        torture.fleet.operator().kill();
        SERVER.restartWithFileCutTo(mark);
        var loss = new Loss(before, accounts());
        Torture.tell("forgotten: grants " + loss.grants() + ", closes " + loss.closes());
        assertThat(loss.grants()).as("grants that are forgotten").isNotEmpty();
        torture.fleet.startOperator();
        return loss;
    }

    /** A proxy that has got such a grant has told so. The last one may have got lost as well. */
    private boolean isChargedAgain(Loss loss) {
        var now = amounts(accounts());
        return loss.grants().entrySet().stream()
                .anyMatch(grant -> now.getOrDefault(grant.getKey(), 0L) >= grant.getValue());
    }

    private static Map<String, Long> raised(Map<String, Account> from, Map<String, Account> to) {
        var before = amounts(from);
        var raised = new TreeMap<>(amounts(to));
        raised.entrySet().removeIf(e -> e.getValue() <= before.getOrDefault(e.getKey(), 0L));
        return raised;
    }

    /** What each lease was granted, all together. */
    private static Map<String, Long> amounts(Map<String, Account> accounts) {
        var amounts = new TreeMap<String, Long>();
        for (var account : accounts.values()) {
            for (var lease : account.leases()) {
                amounts.put(account.key() + " " + lease.holder(), lease.amountMicros());
            }
        }
        return amounts;
    }

    private Map<String, Account> accounts() {
        try (var store = store()) {
            var accounts = new TreeMap<String, Account>();
            assertThat(store.list(""))
                    .isInstanceOfSatisfying(
                            AccountStore.Listing.Ok.class,
                            all ->
                                    all.accounts()
                                            .forEach(
                                                    found ->
                                                            accounts.put(
                                                                    found.account()
                                                                            .key()
                                                                            .toString(),
                                                                    found.account())));
            return accounts;
        }
    }

    /**
     * A lease whose close was forgotten is there again and stays charged, also with what it gave
     * back and others were granted since. So the records need not be settled to the last; but they
     * are charged, and all else that is charged is within the amount. An account without such a
     * lease has settled what the records say.
     */
    private static void assertCharged(Torture torture, Account account, Loss loss)
            throws Exception {
        var name = account.key().budget().split("/", 2);
        var recorded = torture.recorded(name[0], name[1]);
        var charged = charged(account);
        Torture.tell(
                "%s: settled %d, charged %d of %d micro-USD, records say %d nano-USD"
                        .formatted(
                                account.key(),
                                account.settledMicros(),
                                charged,
                                account.limitMicros(),
                                recorded));
        assertThat(charged * 1_000).isGreaterThanOrEqualTo(recorded);
        assertThat(charged - twice(account, loss)).isLessThanOrEqualTo(account.limitMicros());
        assertThat(account.overrunMicros()).isZero();
        if (account.leases().isEmpty()) {
            assertThat(account.settledMicros() * 1_000)
                    .isBetween(recorded, recorded + 1_000L * torture.fleet.starts());
        }
    }

    private static long twice(Account account, Loss loss) {
        return account.leases().stream()
                .filter(lease -> loss.closes().contains(account.key() + " " + lease.holder()))
                .mapToLong(LeaseAccount::outstandingMicros)
                .sum();
    }
}
