package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.e2e.Crowd.End;
import dev.tollgate.e2e.Mischief.Fault;
import dev.tollgate.e2e.Teams.Team;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A fleet's budgets while its processes are killed and stopped at random, with the providers' own
 * bills as referees. Two teams spend: {@code tight} asks 10,000 times, at once, of a Budget that is
 * worth 100 of these requests; {@code steady} has money for as long as the mischief lasts, which
 * the test asserts, and spends the rest of it afterwards. A third Budget counts both.
 *
 * <p>System properties: {@code torture.seed} repeats a schedule, {@code torture.seconds} makes the
 * mischief longer (the Budget of {@code steady} grows with it).
 */
class TortureE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final long SEED = Long.getLong("torture.seed", System.nanoTime() % 1_000_000);
    private static final int SECONDS = Integer.getInteger("torture.seconds", 35);
    private static final String TIGHT_KEY = "tg-4123456789012345678901234567890123456789abc";
    private static final String STEADY_KEY = "tg-5123456789012345678901234567890123456789abc";

    /** Of the requests of a {@link Crowd}: 88 bytes are 22 tokens of input, and 64 of output. */
    private static final long MEAN_COST_MICROS = 22 + 64 * 5;

    private static final int TIGHT_REQUESTS = 10_000;
    private static final int TIGHT_WORTH = 100;
    private static final int TIGHT_PLACES = 400;
    private static final int STEADY_CLIENTS = 24;
    private static final int STEADY_PER_SECOND = 50;
    private static final int LAST_CLIENTS = 80;
    private static final int FAULTS_OF_A_KIND = 2;
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration LATE = Duration.ofSeconds(60L + 4L * SECONDS);

    private static final Teams.Behaviour BEHAVIOUR =
            new Teams.Behaviour(
                    """
                    default: {latencyMs: 300, gapMs: 80, chunks: 8, outputTokens: 1000}
                    rules:
                    - {when: {every: 23}, do: {error: {status: 500}}}
                    - {when: {every: 31}, do: {error: {status: 429}}}
                    """,
                    """
                    default: {latencyMs: 200, gapMs: 120, chunks: 8, outputTokens: 1000}
                    rules:
                    - {when: {every: 29}, do: {error: {status: 429}}}
                    """,
                    "default: {latencyMs: 100, gapMs: 60, chunks: 8, outputTokens: 1000}");

    @TempDir Path folder;

    @Test
    void noBillIsAboveItsBudgetAndEveryCallHasItsRecordWhateverDies() throws Exception {
        API.installCrds();
        tell("seed " + SEED + ", " + SECONDS + " s");
        var tight = new Team("tight", TIGHT_KEY, dollars(TIGHT_WORTH));
        var steady = new Team("steady", STEADY_KEY, dollars(STEADY_PER_SECOND * SECONDS));
        var org = dollars(2L * STEADY_PER_SECOND * SECONDS);
        try (var teams = Teams.start(folder, "torture", List.of(tight, steady), BEHAVIOUR)) {
            assertThat(API.kubectl(teams.foundation(), "apply", "-f", "-").ok()).isTrue();
            try (var fleet = new Fleet(API, folder, "torture", teams.namespaces(), List.of());
                    var many = new Crowd(fleet, TIGHT_KEY, TIGHT_PLACES);
                    var few = new Crowd(fleet, STEADY_KEY, LAST_CLIENTS)) {
                fleet.startProxies(3);
                fleet.kubectl(teams.resources(org), "apply", "-f", "-");
                teams.namespaces().forEach(ns -> fleet.awaitProgrammed(ns, "rpol,bud"));
                torture(fleet, many, few);
                fleet.awaitQuiet();
                tell("tight " + many.told());
                tell("steady " + few.told());
                assertBill(fleet, teams, tight, many);
                assertBill(fleet, teams, steady, few);
                fleet.stopProxies();
                assertClosed(fleet, teams.namespace(tight), "all");
                var spent = assertClosed(fleet, teams.namespace(steady), "all");
                assertThat(spent * 1_000)
                        .as("of use")
                        .isGreaterThan(Standalone.nanos(steady.amount()) / 100 * 99);
                assertClosed(fleet, "torture", "org");
            }
        }
    }

    private static void tell(String what) {
        System.out.println("torture: " + what);
    }

    private static String dollars(long requests) {
        return Standalone.dollars(requests * MEAN_COST_MICROS);
    }

    private static void torture(Fleet fleet, Crowd many, Crowd few) throws Exception {
        var over = new AtomicBoolean();
        var spending = start(() -> few.askUntil(STEADY_CLIENTS, over::get));
        await().atMost(SOON).until(() -> few.count(End.SERVED) > STEADY_CLIENTS);
        try (var mischief = new Mischief(fleet, SEED, () -> few.count(End.SERVED))) {
            var storm = start(() -> many.ask(TIGHT_REQUESTS));
            await().atMost(LATE).until(() -> many.count(End.EXHAUSTED) > 0 || storm.isDone());
            Map<Fault, Integer> whileTight = mischief.counts();
            await().atMost(LATE)
                    .until(
                            () ->
                                    mischief.seconds() >= SECONDS
                                            && storm.isDone()
                                            && mischief.counts().values().stream()
                                                    .allMatch(n -> n >= FAULTS_OF_A_KIND));
            storm.get();
            tell(mischief.told().toString());
            tell("while tight had money: " + whileTight);
            assertThat(few.count(End.EXHAUSTED)).as("steady: " + few.told()).isZero();
            mischief.counts()
                    .forEach(
                            (fault, times) ->
                                    assertThat(times)
                                            .as("%s while money was left", fault)
                                            .isGreaterThanOrEqualTo(FAULTS_OF_A_KIND));
        } finally {
            over.set(true);
        }
        spending.get();
        few.askUntil(LAST_CLIENTS, () -> few.count(End.EXHAUSTED) > 0);
    }

    private interface Task {
        void run() throws Exception;
    }

    private static FutureTask<Void> start(Task task) {
        var running =
                new FutureTask<Void>(
                        () -> {
                            task.run();
                            return null;
                        });
        Thread.ofVirtual().start(running);
        return running;
    }

    /** I8 and I9: the bill is within the amount, and each call on it has its record. */
    private static void assertBill(Fleet fleet, Teams teams, Team team, Crowd clients) {
        var amount = Standalone.nanos(team.amount());
        await().atMost(SOON)
                .untilAsserted(
                        () -> {
                            var bill = Bill.of(teams.referees(), team.name() + "-");
                            assertThat(bill.totalNanos()).isLessThanOrEqualTo(amount);
                            var records = charged(fleet, teams.namespace(team), "all");
                            bill.assertRecorded(records);
                            assertThat(Bill.recorded(records)).isLessThanOrEqualTo(amount);
                            assertThat(fleet.records().keySet()).containsAll(clients.answered());
                        });
    }

    /** Records of requests that this Budget counted. */
    private static List<JsonNode> charged(Fleet fleet, String namespace, String budget)
            throws Exception {
        var name = "\"" + namespace + "/" + budget + "\"";
        return fleet.records().values().stream()
                .filter(record -> record.get("budgets").toString().contains(name))
                .toList();
    }

    /** I11 and I12: all leases are closed, and what they settled is what the records say. */
    private static long assertClosed(Fleet fleet, String namespace, String budget)
            throws Exception {
        long recorded = Bill.recorded(charged(fleet, namespace, budget));
        long settled =
                await().atMost(SOON)
                        .until(() -> fleet.account(namespace, budget), TortureE2E::hasNoLeases)
                        .get("settledMicros")
                        .asLong();
        assertThat(fleet.account(namespace, budget).get("overrunMicros").asLong()).isZero();
        assertThat(settled * 1_000)
                .as("%s/%s", namespace, budget)
                .isBetween(recorded, recorded + 1_000L * fleet.starts());
        return settled;
    }

    private static boolean hasNoLeases(JsonNode account) {
        return account.path("leases").isEmpty();
    }
}
