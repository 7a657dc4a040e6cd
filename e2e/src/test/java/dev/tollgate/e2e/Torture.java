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

/**
 * One run of {@link Mischief} on a fleet with two teams that spend: {@code tight} asks 10,000
 * times, at once, of a Budget that is worth 100 of these requests; {@code steady} has money for as
 * long as the mischief lasts, which is asserted. Budget {@code org} of the platform counts both.
 */
final class Torture implements AutoCloseable {

    /**
     * How much of it.
     *
     * @param name of the platform namespace, and the beginning of the teams'
     * @param seconds that the mischief lasts at least
     * @param faults of each kind that are done at least, and while there is money
     * @param operator further arguments of it
     */
    record Plan(String name, int proxies, int seconds, int faults, List<String> operator) {}

    static final Duration SOON = Duration.ofSeconds(60);
    static final int STEADY_CLIENTS = 24;

    private static final long SEED = Long.getLong("torture.seed", System.nanoTime() % 1_000_000);
    private static final String TIGHT_KEY = "tg-4123456789012345678901234567890123456789abc";
    private static final String STEADY_KEY = "tg-5123456789012345678901234567890123456789abc";

    /** Of the requests of a {@link Crowd}: 88 bytes are 22 tokens of input, and 64 of output. */
    private static final long MEAN_COST_MICROS = 22 + 64 * 5;

    private static final int TIGHT_REQUESTS = 10_000;
    private static final int TIGHT_WORTH = 100;
    private static final int TIGHT_PLACES = 400;

    /** More than they ask for: mischief may take longer than it must. */
    private static final int STEADY_PER_SECOND = 200;

    private static final int LAST_CLIENTS = 80;

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

    final Teams teams;
    final Fleet fleet;
    final Team tight;
    final Team steady;
    final Crowd many;
    final Crowd few;
    private final Plan plan;
    private final AtomicBoolean over = new AtomicBoolean();
    private FutureTask<Void> spending;

    /** Starts all of it. */
    Torture(ApiServer api, Path folder, Plan plan) throws Exception {
        this.plan = plan;
        tell("seed " + SEED + ", " + plan.seconds() + " s, " + plan.proxies() + " proxies");
        tight = new Team("tight", TIGHT_KEY, dollars(TIGHT_WORTH));
        steady = new Team("steady", STEADY_KEY, dollars((long) STEADY_PER_SECOND * plan.seconds()));
        teams = Teams.start(folder, plan.name(), List.of(tight, steady), BEHAVIOUR);
        var made = api.kubectl(teams.foundation(), "apply", "-f", "-");
        assertThat(made.ok()).as(made.err()).isTrue();
        fleet = new Fleet(api, folder, plan.name(), teams.namespaces(), plan.operator());
        many = new Crowd(fleet, TIGHT_KEY, TIGHT_PLACES);
        few = new Crowd(fleet, STEADY_KEY, LAST_CLIENTS);
        fleet.startProxies(plan.proxies());
        var org = dollars(2L * STEADY_PER_SECOND * plan.seconds());
        fleet.kubectl(teams.resources(org), "apply", "-f", "-");
        teams.namespaces().forEach(namespace -> fleet.awaitProgrammed(namespace, "rpol,bud"));
    }

    static void tell(String what) {
        System.out.println("torture: " + what);
    }

    private static String dollars(long requests) {
        return Standalone.dollars(requests * MEAN_COST_MICROS);
    }

    /** The mischief, from its beginning to its end; {@code steady} goes on. */
    void strike() throws Exception {
        spending = start(() -> few.askUntil(STEADY_CLIENTS, over::get));
        await().atMost(SOON).until(() -> few.count(End.SERVED) > STEADY_CLIENTS);
        var late = Duration.ofSeconds(300L + 5L * plan.seconds());
        try (var mischief = new Mischief(fleet, SEED, () -> few.count(End.SERVED))) {
            var storm = start(() -> many.ask(TIGHT_REQUESTS));
            await().atMost(late).until(() -> many.count(End.EXHAUSTED) > 0 || storm.isDone());
            Map<Fault, Integer> whileTight = mischief.counts();
            await().atMost(late)
                    .until(
                            () ->
                                    storm.isDone()
                                            && mischief.seconds() >= plan.seconds()
                                            && mischief.least() >= plan.faults());
            storm.get();
            tell(mischief.told().toString());
            tell("while tight had money: " + whileTight);
            // so all of it happened while there was money
            assertThat(few.count(End.EXHAUSTED)).as("steady: " + few.told()).isZero();
            assertThat(mischief.least()).isGreaterThanOrEqualTo(plan.faults());
        }
    }

    /** Nobody asks any more. */
    void endSteady() throws Exception {
        over.set(true);
        spending.get();
    }

    /** What {@code steady} has left is asked for until it is refused. */
    void spendTheRest() throws Exception {
        few.askUntil(LAST_CLIENTS, () -> few.count(End.EXHAUSTED) > 0);
    }

    /** Nothing is open or held in any proxy, whoever died before. */
    void awaitQuiet() {
        fleet.awaitQuiet();
        tell("tight " + many.told());
        tell("steady " + few.told());
    }

    /** I8 and I9 of both teams. */
    void assertBills() {
        assertBill(tight, many);
        assertBill(steady, few);
    }

    /** The bill is within the amount, and each call on it has its record. */
    private void assertBill(Team team, Crowd clients) {
        var amount = Standalone.nanos(team.amount());
        await().atMost(SOON)
                .untilAsserted(
                        () -> {
                            var bill = Bill.of(teams.referees(), team.name() + "-");
                            assertThat(bill.totalNanos()).isLessThanOrEqualTo(amount);
                            var all = fleet.records();
                            var records = charged(all, teams.namespace(team), "all");
                            bill.assertRecorded(records);
                            assertThat(Bill.recorded(records)).isLessThanOrEqualTo(amount);
                            assertThat(all.keySet()).containsAll(clients.answered());
                        });
    }

    /** Records of requests that this Budget counted. */
    private static List<JsonNode> charged(
            Map<String, JsonNode> records, String namespace, String budget) {
        var name = "\"" + namespace + "/" + budget + "\"";
        return records.values().stream()
                .filter(record -> record.get("budgets").toString().contains(name))
                .toList();
    }

    /** Nano-dollars of the records of requests that this Budget counted. */
    long recorded(String namespace, String budget) throws Exception {
        return Bill.recorded(charged(fleet.records(), namespace, budget));
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

    @Override
    public void close() throws Exception {
        over.set(true);
        many.close();
        few.close();
        fleet.close();
        teams.close();
    }
}
