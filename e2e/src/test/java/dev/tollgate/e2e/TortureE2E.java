package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.crds.apiserver.ApiServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A fleet's budgets while its processes are killed and stopped at random, with the providers' own
 * bills as referees. Afterwards what is left is spent, so that no hold may have leaked, and the
 * proxies end, so that the ledger knows all.
 *
 * <p>System properties: {@code torture.seed} repeats a schedule, {@code torture.seconds} makes the
 * mischief longer (the Budget of {@code steady} grows with it), {@code torture.open} has more
 * requests open at a time (10024 are all of them), {@code torture.logs} is a folder for what all
 * processes have said.
 */
class TortureE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final int THREE_SECONDS = Integer.getInteger("torture.seconds", 35);
    private static final int TEN_SECONDS = Integer.getInteger("torture.seconds", 30);

    private static final int USE_PERCENT = 99;

    @TempDir Path folder;

    @Test
    void noBillOfThreeIsAboveItsBudgetAndEveryCallHasItsRecordWhateverDies() throws Exception {
        torture(new Torture.Plan("three", 3, THREE_SECONDS, 2, List.of()));
    }

    @Test
    void noBillOfTenIsAboveItsBudgetAndEveryCallHasItsRecordWhateverDies() throws Exception {
        torture(new Torture.Plan("ten", 10, TEN_SECONDS, 1, List.of()));
    }

    private void torture(Torture.Plan plan) throws Exception {
        API.installCrds();
        try (var torture = new Torture(API, folder, plan)) {
            torture.strike();
            torture.endSteady();
            torture.spendTheRest();
            torture.awaitQuiet();
            torture.assertBills();
            torture.fleet.stopProxies();
            var steady = torture.teams.namespace(torture.steady);
            var spent = assertClosed(torture, steady, "all");
            assertThat(spent * 1_000)
                    .as("of use")
                    .isGreaterThan(Standalone.nanos(torture.steady.amount()) / 100 * USE_PERCENT);
            assertClosed(torture, torture.teams.namespace(torture.tight), "all");
            assertClosed(torture, plan.name(), "org");
        }
    }

    /** I11 and I12: all leases are closed, and what they settled is what the records say. */
    private static long assertClosed(Torture torture, String namespace, String budget)
            throws Exception {
        var fleet = torture.fleet;
        var account =
                await().atMost(Torture.SOON)
                        .until(() -> fleet.account(namespace, budget), TortureE2E::hasNoLeases);
        long settled = account.get("settledMicros").asLong();
        long recorded = torture.recorded(namespace, budget);
        Torture.tell(
                "%s/%s: settled %d of %s micro-USD, records say %d nano-USD"
                        .formatted(
                                namespace, budget, settled, account.get("limitMicros"), recorded));
        assertThat(account.get("overrunMicros").asLong()).isZero();
        assertThat(settled * 1_000).isBetween(recorded, recorded + 1_000L * fleet.starts());
        return settled;
    }

    private static boolean hasNoLeases(JsonNode account) {
        return account.path("leases").isEmpty();
    }
}
