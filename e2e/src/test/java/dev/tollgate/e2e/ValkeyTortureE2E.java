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
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same with the accounts in a Valkey: after the mischief it is killed together with the
 * operator, and comes back without what it was told in its last seconds. From then on nothing is
 * granted, since a freeze lasts longer than this test; what proxies hold is spent, and the bills
 * stay within the amounts.
 *
 * <p>System properties as in {@link TortureE2E}.
 */
class ValkeyTortureE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();
    @RegisterExtension static final DurableValkey SERVER = new DurableValkey();

    private static final String PREFIX = "torture";
    private static final int SECONDS = Integer.getInteger("torture.seconds", 12);
    private static final Duration LOST = Duration.ofSeconds(1);

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
            var before = loseTheLastSecond(torture);
            var refused = torture.few.count(End.UNAVAILABLE);
            await().atMost(Torture.SOON)
                    .until(
                            () ->
                                    torture.few.count(End.UNAVAILABLE)
                                            > refused + Torture.STEADY_CLIENTS);
            torture.endSteady();
            torture.awaitQuiet();
            torture.assertBills();
            torture.fleet.stopProxies();
            var after = accounts();
            before.forEach((key, account) -> assertThat(after).containsKey(key));
            for (var account : after.values()) {
                assertCharged(torture, account);
            }
        }
    }

    /** The accounts as they were a moment before. */
    private Map<String, Account> loseTheLastSecond(Torture torture) throws Exception {
        long mark = SERVER.fileBytes();
        await().pollDelay(LOST).atMost(Torture.SOON).until(() -> SERVER.fileBytes() > mark + 1_000);
        var before = accounts();
        torture.fleet.operator().kill();
        SERVER.restartWithFileCutTo(mark);
        torture.fleet.startOperator();
        return before;
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
     * A lease whose close was forgotten is there again and stays charged. So the records need not
     * be settled to the last; but they are charged, and all that is charged is within the amount.
     */
    private static void assertCharged(Torture torture, Account account) throws Exception {
        var name = account.key().budget().split("/", 2);
        var recorded = torture.recorded(name[0], name[1]);
        var charged = account.settledMicros() + account.outstandingMicros();
        Torture.tell(
                "%s: settled %d, charged %d of %d micro-USD, records say %d nano-USD"
                        .formatted(
                                account.key(),
                                account.settledMicros(),
                                charged,
                                account.limitMicros(),
                                recorded));
        assertThat(charged * 1_000).isGreaterThanOrEqualTo(recorded);
        assertThat(charged).isLessThanOrEqualTo(account.limitMicros());
        assertThat(account.overrunMicros()).isZero();
    }
}
