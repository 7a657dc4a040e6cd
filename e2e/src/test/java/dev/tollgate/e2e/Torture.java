package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.e2e.Crowd.End;
import dev.tollgate.e2e.Teams.Team;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One run of {@link Mischief} on a fleet with two teams that spend. {@code steady} has money for as
 * long as the mischief lasts, which is asserted. {@code tight} has a Budget that is worth 100 of
 * its requests: it spends of it until the operator and a proxy have been at fault, and then asks
 * 10,000 times: {@code OPEN} requests are open in the proxies at the same time, and lack the last
 * byte of their bodies until all are. As soon as one is answered the next process is at fault.
 * Budget {@code org} of the platform counts both.
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
    record Plan(String name, int proxies, int seconds, int faults, List<String> operator) {

        /** That the mischief lasts at most. */
        int secondsMax() {
            return 300 + 5 * seconds;
        }
    }

    /** The mischief goes on for so many times its length while some are not answered. */
    private static final int PATIENCE = 3;

    static final Duration SOON = Duration.ofMinutes(3);
    private static final Duration SPENT_WITHIN = Duration.ofMinutes(5);
    static final int STEADY_CLIENTS = 24;

    private static final long SEED = Long.getLong("torture.seed", System.nanoTime() % 1_000_000);
    private static final String TIGHT_KEY = "tg-4123456789012345678901234567890123456789abc";
    private static final String STEADY_KEY = "tg-5123456789012345678901234567890123456789abc";

    /** Of the requests of a {@link Crowd}: 88 bytes are 22 tokens of input, and 64 of output. */
    private static final long MEAN_COST_MICROS = 22 + 64 * 5;

    /** Proxies count those of {@code steady} too. */
    static final int TIGHT_REQUESTS = 10_000 + STEADY_CLIENTS;

    /**
     * Of {@code tight}, before any of them ends, and at most. Proxies give a head and then a body
     * ten seconds each, in which all must be open.
     */
    private static final int OPEN = Integer.getInteger("torture.open", 2_000);

    private static final int TIGHT_WORTH = 100;

    /** Before all the others, and how many clients ask them: a third of the money. */
    private static final int FIRST_REQUESTS = 40;

    private static final int FIRST_CLIENTS = 3;

    /** More than its clients can ask for. */
    private static final int STEADY_PER_SECOND = 40;

    /** Of each answer, when there is much to spend. */
    static final int MORE_OUTPUT = 4_000;

    private static final int LAST_CLIENTS = 80;

    private static final Teams.Behaviour BEHAVIOUR =
            new Teams.Behaviour(
                    """
                    default: {latencyMs: 300, gapMs: 80, chunks: 8, outputTokens: 5000}
                    rules:
                    - {when: {every: 23}, do: {error: {status: 500}}}
                    - {when: {every: 31}, do: {error: {status: 429}}}
                    """,
                    """
                    default: {latencyMs: 200, gapMs: 120, chunks: 8, outputTokens: 5000}
                    rules:
                    - {when: {every: 29}, do: {error: {status: 429}}}
                    """,
                    "default: {latencyMs: 100, gapMs: 60, chunks: 8, outputTokens: 5000}");

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
        long steadyRequests = (long) STEADY_PER_SECOND * plan.secondsMax();
        tight = new Team("tight", TIGHT_KEY, dollars(TIGHT_WORTH));
        steady = new Team("steady", STEADY_KEY, dollars(steadyRequests));
        teams = Teams.start(folder, plan.name(), List.of(tight, steady), BEHAVIOUR);
        var made = api.kubectl(teams.foundation(), "apply", "-f", "-");
        assertThat(made.ok()).as(made.err()).isTrue();
        fleet = new Fleet(api, folder, plan.name(), teams.namespaces(), plan.operator());
        many = new Crowd(fleet, TIGHT_KEY);
        few = new Crowd(fleet, STEADY_KEY);
        fleet.startProxies(plan.proxies());
        fleet.kubectl(teams.resources(dollars(2 * steadyRequests)), "apply", "-f", "-");
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
        var late = Duration.ofSeconds(plan.secondsMax());
        try (var mischief = new Mischief(fleet, SEED, () -> few.count(End.SERVED))) {
            many.askUntil(
                    FIRST_CLIENTS,
                    () ->
                            mischief.hasStruckBoth() && many.count(End.SERVED) > 0
                                    || many.asked() >= FIRST_REQUESTS);
            await().atMost(late).until(mischief::hasStruckBoth);
            assertTightHasMoney();
            var first = mischief.counts();
            var storm = storm(mischief);
            await().atMost(late)
                    .until(
                            () ->
                                    isEnough(mischief, 1)
                                            && (storm.isDone() || isEnough(mischief, PATIENCE)));
            mischief.rest(); // on a slow machine the last ones are answered in peace
            await().atMost(late).until(storm::isDone);
            storm.get();
            tell(mischief.told().toString());
            tell("before all asked: " + first);
            assertThat(refusedOfTight()).as(many.told()).isGreaterThan(TIGHT_REQUESTS / 4);
        }
        // so all of it happened while there was money
        assertThat(few.count(End.EXHAUSTED)).as("steady: " + few.told()).isZero();
    }

    private boolean isEnough(Mischief mischief, int times) {
        return mischief.seconds() >= (long) times * plan.seconds()
                && mischief.least() >= plan.faults();
    }

    private long refusedOfTight() {
        return many.count(End.EXHAUSTED) + many.count(End.RESERVED);
    }

    private void assertTightHasMoney() throws Exception {
        assertThat(many.count(End.SERVED)).as("of tight").isPositive();
        assertThat(many.count(End.EXHAUSTED)).as("tight: " + many.told()).isZero();
        assertThat(recorded(teams.namespace(tight), "all"))
                .isLessThan(Standalone.nanos(tight.amount()) / 2);
    }

    /** All at the same time, and a fault when the first is answered: what they hold is at risk. */
    private FutureTask<Void> storm(Mischief mischief) throws Exception {
        mischief.rest();
        fleet.awaitReady();
        long since = System.nanoTime();
        var storm =
                start(
                        () -> {
                            many.gather(OPEN);
                            many.askUntil(OPEN, () -> many.asked() >= TIGHT_REQUESTS);
                        });
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(fleet.running()).isGreaterThanOrEqualTo(OPEN));
        tell("all open after %d ms".formatted((System.nanoTime() - since) / 1_000_000));
        int answered = many.answered().size();
        many.go();
        await().atMost(SOON).until(() -> many.answered().size() > answered);
        int faults = mischief.told().size();
        mischief.goOnByOne();
        await().atMost(SOON).until(() -> mischief.told().size() > faults);
        assertThat(storm.isDone()).as("tight: " + many.told()).isFalse();
        tell("at the fault tight had " + many.told());
        await().atMost(SOON).until(() -> refusedOfTight() > OPEN / 4 || storm.isDone());
        mischief.goOn();
        return storm;
    }

    /** Nobody asks any more. */
    void endSteady() throws Exception {
        over.set(true);
        spending.get();
    }

    /** What {@code steady} has left is asked for until it is refused. */
    void spendTheRest() throws Exception {
        few.askForMore(MORE_OUTPUT);
        var last = start(() -> few.askUntil(LAST_CLIENTS, () -> few.count(End.EXHAUSTED) > 0));
        await().atMost(SPENT_WITHIN).until(last::isDone);
        last.get();
    }

    /** Nothing is open or held in any proxy, whoever died before. */
    void awaitQuiet() {
        fleet.awaitQuiet();
        tell("tight " + many.told());
        tell("steady " + few.told());
    }

    /** I8 and I9 of both teams. */
    void assertBills() throws Exception {
        assertBill(tight, many);
        assertBill(steady, few);
    }

    /** The bill is within the amount, and each call on it has its record. */
    private void assertBill(Team team, Crowd clients) throws Exception {
        await().atMost(SOON)
                .untilAsserted(
                        () -> {
                            var all = fleet.records();
                            bill(team).assertRecorded(charged(all, teams.namespace(team), "all"));
                            assertThat(all.keySet()).containsAll(clients.answered());
                        });
        var amount = Standalone.nanos(team.amount());
        assertThat(bill(team).totalNanos()).isLessThanOrEqualTo(amount);
        assertThat(recorded(teams.namespace(team), "all")).isLessThanOrEqualTo(amount);
    }

    private Bill bill(Team team) throws Exception {
        return Bill.of(teams.referees(), team.name() + "-");
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
