package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two proxies under a steady load that a Hard Budget counts: they say at most one thing to the
 * ledger for a thousand requests, and when the only operator is stopped (SIGSTOP) for a minute, no
 * client notices. Takes four minutes, so by hand: {@code -Dtollgate.away=true}. The same in
 * simulated time, in each build: {@code ManyBudgetsTest}.
 */
@EnabledIfSystemProperty(named = "tollgate.away", matches = "true")
class LedgerAwayE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration SLICES_WITHIN = Duration.ofMinutes(3);
    private static final Duration SPAN = Duration.ofSeconds(60);
    private static final Duration AWAY = Duration.ofSeconds(60);

    /** A proxy hears nothing for 15 s before it takes the ledger for lost. */
    private static final Duration NOTICED = Duration.ofSeconds(30);

    private static final Duration STEADY = Duration.ofSeconds(10);

    private static final int PROXIES = 2;

    /** A report each 10 s, a refill each two minutes: what is promised takes 110 at the least. */
    private static final int PER_SECOND = 160;

    /** As many as a referee shows. */
    private static final int REQUESTS_MAX = 100_000;

    private static final int REQUESTS_PER_MESSAGE = 1_000;

    /** A slice is two minutes of the pace, and is refilled when 90 seconds are left. */
    private static final int SLICE_SECONDS = 120;

    private static final int REFILL_SECONDS = 90;

    /** With so much left, a refill comes due while the ledger is away, and not before. */
    private static final int DUE_MEANWHILE_MIN_SECONDS = 95;

    private static final int DUE_MEANWHILE_MAX_SECONDS = 140;

    private static final String PLATFORM = "away";
    private static final String TEAM = "away-team";
    private static final String KEY = "tg-8123456789012345678901234567890123456789abc";

    /** Less than half of it is spent at the end. */
    private static final String AMOUNT = "20.00";

    private static final String BUDGET =
            """
            ---
            apiVersion: tollgate.dev/v1alpha1
            kind: Budget
            metadata: {name: all, namespace: %s}
            spec: {amount: "%s", period: {type: Lifetime}}
            """;
    private static final String SCRIPT =
            """
            prices:
              small: {inputPer1M: "0.50", outputPer1M: "2.00"}
            default: {latencyMs: 20, outputTokens: 16}
            """;
    private static final String BODY =
            """
            {"model":"chat","max_tokens":20,"messages":[{"role":"user","content":"Are you there?"}]}""";

    @TempDir Path folder;

    @Test
    void aLedgerIsSeldomCalledAndNobodyNoticesThatItIsAwayForAMinute() throws Exception {
        API.installCrds();
        try (var provider = SimulatedProvider.start("openai", SCRIPT, folder)) {
            assertThat(API.kubectl(namespaces(), "apply", "-f", "-").ok()).isTrue();
            try (var fleet = new Fleet(API, folder, PLATFORM, List.of(TEAM), List.of())) {
                fleet.startProxies(PROXIES);
                fleet.kubectl(resources(provider), "apply", "-f", "-");
                fleet.awaitProgrammed(TEAM, "rpol,bud");
                fleet.awaitQuiet();
                try (var load =
                        new SteadyLoad(fleet.addresses(), KEY, BODY, PER_SECOND, REQUESTS_MAX)) {
                    awaitSlices(fleet, load, provider);
                    tell("until it is steady, others than served: " + load.others());
                    load.forgetOthers();
                    assertSeldomCalled(fleet, load, provider);
                    assertAwayUnnoticed(fleet, load, provider);
                    load.finish();
                    assertThat(load.others()).isEmpty();
                    for (int i = 0; i < fleet.size(); i++) {
                        var metrics = fleet.admin(i, "/metrics");
                        tell(
                                "proxy %d reserves within %s s (p50), %s s (p99)"
                                        .formatted(i, within(metrics, 50), within(metrics, 99)));
                    }
                    assertAccounted(fleet, load, provider);
                }
            }
        }
    }

    private static String namespaces() {
        return Resources.namespace(PLATFORM) + Resources.namespace(TEAM);
    }

    private static String resources(SimulatedProvider provider) {
        var small = Upstream.openai("small");
        return Resources.secret(TEAM, "keys", "sk-simulated")
                + Resources.clientKey(TEAM, KEY)
                + small.resource(TEAM, provider.url())
                + Resources.route(TEAM, "chat", "small/small")
                + BUDGET.formatted(TEAM, AMOUNT);
    }

    private static void assertSeldomCalled(Fleet fleet, SteadyLoad load, SimulatedProvider provider)
            throws Exception {
        long servedBefore = load.served();
        long saidBefore = said(fleet);
        awaitLoad(load, SPAN);
        long said = said(fleet) - saidBefore;
        long served = load.served() - servedBefore;
        tell(
                "%d messages to the ledger for %d requests, slices in seconds: %s"
                        .formatted(said, served, seconds(fleet, load, provider)));
        assertThat(said).isPositive().isLessThanOrEqualTo(served / REQUESTS_PER_MESSAGE);
    }

    private static void assertAwayUnnoticed(
            Fleet fleet, SteadyLoad load, SimulatedProvider provider) throws Exception {
        await().atMost(SLICES_WITHIN)
                .untilAsserted(
                        () ->
                                assertThat(least(seconds(fleet, load, provider)))
                                        .isBetween(
                                                DUE_MEANWHILE_MIN_SECONDS,
                                                DUE_MEANWHILE_MAX_SECONDS));
        fleet.operator().pause();
        var begin = System.nanoTime();
        long servedBefore = load.served();
        long refills = said(fleet, "acquire");
        var leftBefore = seconds(fleet, load, provider);
        await().atMost(NOTICED)
                .untilAsserted(() -> assertThat(connected(fleet)).containsOnly(false));
        var account = fleet.account(TEAM, "all");
        awaitLoad(load, AWAY.minusNanos(System.nanoTime() - begin));
        var left = seconds(fleet, load, provider);
        tell(
                "ledger away: %d requests served, others: %s; slices before and after, in seconds: %s %s"
                        .formatted(load.served() - servedBefore, load.others(), leftBefore, left));
        assertThat(load.others()).isEmpty();
        assertThat(fleet.account(TEAM, "all")).as("nobody wrote it").isEqualTo(account);
        assertThat(least(left)).as("a refill is due").isLessThan(REFILL_SECONDS);

        fleet.operator().proceed();
        await().atMost(SOON).untilAsserted(() -> assertThat(connected(fleet)).containsOnly(true));
        awaitSlices(fleet, load, provider);
        assertThat(said(fleet, "acquire")).isGreaterThan(refills);
        await().atMost(SOON)
                .until(
                        () ->
                                fleet.account(TEAM, "all").get("settledMicros").asLong()
                                        > account.get("settledMicros").asLong());
    }

    private static void assertAccounted(Fleet fleet, SteadyLoad load, SimulatedProvider provider)
            throws Exception {
        fleet.awaitQuiet();
        fleet.stopProxies();
        var bill = Bill.of(List.of(provider), "small");
        var records = fleet.records().values();
        assertThat(records.stream().filter(record -> Standalone.nanos(record) > 0))
                .hasSize((int) load.served());
        bill.assertRecorded(records);
        assertThat(bill.totalNanos()).isEqualTo(Bill.recorded(records));
        var micros = Math.ceilDiv(bill.totalNanos(), 1_000L);
        assertThat(fleet.account(TEAM, "all").get("settledMicros").asLong())
                .isBetween(micros, micros + fleet.starts());
        assertThat(bill.totalNanos()).isLessThan(Standalone.nanos(AMOUNT) / 2);
    }

    /** Until each proxy has money for more than a slice, and has had it for a while. */
    private static void awaitSlices(Fleet fleet, SteadyLoad load, SimulatedProvider provider) {
        await().atMost(SLICES_WITHIN)
                .during(STEADY)
                .untilAsserted(
                        () ->
                                assertThat(least(seconds(fleet, load, provider)))
                                        .isGreaterThan(SLICE_SECONDS));
    }

    /** For how long the load goes on with what each proxy has. */
    private static List<Integer> seconds(Fleet fleet, SteadyLoad load, SimulatedProvider provider)
            throws Exception {
        assertThat(load.served()).isPositive();
        double each = (double) provider.totalNanos() / load.served() * PER_SECOND;
        var seconds = new ArrayList<Integer>();
        for (int i = 0; i < fleet.size(); i++) {
            for (var budget : fleet.status(i).get("budgets")) {
                seconds.add((int) (budget.get("free_usd").asDouble() * 1e9 / each));
            }
        }
        assertThat(seconds).hasSize(PROXIES);
        return seconds;
    }

    private static int least(List<Integer> seconds) {
        return seconds.stream().mapToInt(Integer::intValue).min().orElseThrow();
    }

    private static List<Boolean> connected(Fleet fleet) throws Exception {
        var connected = new ArrayList<Boolean>();
        for (int i = 0; i < fleet.size(); i++) {
            for (var budget : fleet.status(i).get("budgets")) {
                connected.add(budget.get("ledger_connected").asBoolean());
            }
        }
        return connected;
    }

    /** So much time passes, and the load goes on meanwhile: each is served. */
    private static void awaitLoad(SteadyLoad load, Duration span) {
        long until = System.nanoTime() + span.toNanos();
        long due = load.served() + span.toSeconds() * PER_SECOND * PROXIES;
        await().atMost(span.plus(SOON))
                .failFast(() -> assertThat(load.others()).isEmpty())
                .until(() -> System.nanoTime() - until >= 0 && load.served() >= due);
    }

    /** What all proxies have said to the ledger until now. */
    private static long said(Fleet fleet, String... kinds) throws Exception {
        long sum = 0;
        for (int i = 0; i < fleet.size(); i++) {
            var lines =
                    fleet.admin(i, "/metrics")
                            .lines()
                            .filter(line -> line.startsWith("tollgate_ledger_messages_total{"))
                            .filter(
                                    line ->
                                            kinds.length == 0
                                                    || line.contains("\"" + kinds[0] + "\""))
                            .toList();
            assertThat(lines).isNotEmpty();
            for (var line : lines) {
                sum += (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
            }
        }
        return sum;
    }

    /** The bound of the first bucket of the proxy's own histogram that holds so many. */
    private static String within(String metrics, int percent) {
        var name = "tollgate_budget_reserve_seconds_";
        var all = value(metrics, name + "count");
        return metrics.lines()
                .filter(line -> line.startsWith(name + "bucket{"))
                .filter(line -> value(line, "") * 100 >= all * percent)
                .map(line -> line.substring(line.indexOf('"') + 1, line.lastIndexOf('"')))
                .findFirst()
                .orElseThrow();
    }

    private static double value(String metrics, String start) {
        return metrics.lines()
                .filter(line -> line.startsWith(start))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .findFirst()
                .orElseThrow();
    }

    private static void tell(String what) {
        System.out.println("away: " + what);
    }
}
