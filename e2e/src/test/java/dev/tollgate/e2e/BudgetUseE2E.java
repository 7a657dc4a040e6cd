package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.e2e.Teams.Team;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * How much of a Hard Budget is of use (tier d of the design): proxies that are connected, nothing
 * that fails, clients that ask one request after the other, two at each proxy, until one of them is
 * refused. What the requests cost that were sent before that refusal came, by their usage records,
 * must be nearly all of the amount.
 *
 * <p>System property {@code use.proxies}: with how many, in ascending order, {@code 3,5,10} for
 * one.
 */
class BudgetUseE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration A_WAIT = Duration.ofMillis(900);
    private static final int CLIENTS_EACH = 2;
    private static final int REQUESTS_MAX = 5_000;

    /** 40 bytes of text and 16 of a message are at most 56 tokens, at 1 micro-dollar each. */
    private static final String TEXT = "What does one pay at a tollgate, please?";

    private static final int SMALL_OUTPUT = 60;
    private static final long SMALL_BOUND_MICROS = 56 + 5 * SMALL_OUTPUT;
    private static final int LARGE_OUTPUT = 16_384;
    private static final long LARGE_BOUND_MICROS = 56 + 5 * LARGE_OUTPUT;

    private static final List<Integer> PROXIES =
            Arrays.stream(System.getProperty("use.proxies", "3,5").split(","))
                    .map(Integer::valueOf)
                    .toList();

    /** One for each number of proxies: its Budget is new. */
    private static List<Team> teams(String size, int firstKey, long boundMicros, int requests) {
        var amount = Standalone.dollars(requests * boundMicros);
        return IntStream.range(0, PROXIES.size())
                .mapToObj(i -> new Team(size + "-" + PROXIES.get(i), key(firstKey + i), amount))
                .toList();
    }

    private static Teams.Behaviour behaviour(List<Team> large) {
        var rules = new StringJoiner("\n", "default: {outputTokens: 50}\nrules:\n", "\n");
        for (var team : large) {
            rules.add(
                    "- {when: {model: %s-stops}, do: {text: Much., outputTokens: 4000}}"
                            .formatted(team.name()));
        }
        return new Teams.Behaviour(rules.toString(), "", "");
    }

    @TempDir Path folder;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @Test
    void nearlyAllIsSpentBeforeTheFirstRefusal() throws Exception {
        API.installCrds();
        var small = teams("small", 0, SMALL_BOUND_MICROS, 1_000);
        var large = teams("large", PROXIES.size(), LARGE_BOUND_MICROS, 300);
        var all = Stream.concat(small.stream(), large.stream()).toList();
        try (var teams = Teams.start(folder, "use", all, behaviour(large))) {
            assertThat(API.kubectl(teams.foundation(), "apply", "-f", "-").ok()).isTrue();
            try (var fleet = new Fleet(API, folder, "use", teams.namespaces(), List.of())) {
                fleet.startProxies(PROXIES.getFirst());
                fleet.kubectl(teams.resources("1000.00"), "apply", "-f", "-");
                teams.namespaces().forEach(ns -> fleet.awaitProgrammed(ns, "rpol,bud"));
                for (int i = 0; i < PROXIES.size(); i++) {
                    fleet.startProxies(PROXIES.get(i));
                    fleet.awaitQuiet();
                    assertUse(fleet, teams, small.get(i), SMALL_OUTPUT, 99);
                    assertUse(fleet, teams, large.get(i), LARGE_OUTPUT, 95);
                }
                fleet.stopProxies();
            }
        }
    }

    private static String key(int number) {
        return "tg-6" + number + "23456789012345678901234567890123456789abc";
    }

    private void assertUse(Fleet fleet, Teams teams, Team team, int output, int percent)
            throws Exception {
        var refusal = new AtomicReference<String>();
        var served = new ConcurrentLinkedQueue<String>();
        var late = new AtomicInteger();
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            var asking = new ArrayList<Callable<Void>>();
            for (var address : fleet.addresses()) {
                for (int i = 0; i < CLIENTS_EACH; i++) {
                    asking.add(
                            () -> {
                                ask(address, team, output, served, refusal, late);
                                return null;
                            });
                }
            }
            for (var client : clients.invokeAll(asking)) {
                client.get();
            }
        }
        assertThat(refusal.get()).contains("budget_");
        var all =
                await().atMost(SOON)
                        .until(fleet::records, known -> known.keySet().containsAll(served));
        var records = served.stream().map(all::get).toList();
        var bill = Bill.of(teams.referees(), team.name() + "-");
        bill.assertRecorded(records);
        assertThat(bill.totalNanos()).isEqualTo(Bill.recorded(records));
        var amount = Standalone.nanos(team.amount());
        System.out.printf(
                "use: %s with %d proxies: %d requests, %d late, spent %.3f %% before: %s%n",
                team.name(),
                fleet.size(),
                served.size(),
                late.get(),
                100.0 * bill.totalNanos() / amount,
                refusal.get());
        assertThat(bill.totalNanos()).isBetween(amount / 100 * percent, amount);
    }

    /** Until one is refused, or another client is. */
    private void ask(
            URI address,
            Team team,
            int output,
            ConcurrentLinkedQueue<String> served,
            AtomicReference<String> refusal,
            AtomicInteger late)
            throws Exception {
        var body =
                """
                {"model":"stopped","max_tokens":%d,"messages":[{"role":"user","content":"%s"}]}"""
                        .formatted(output, TEXT);
        while (refusal.get() == null && served.size() < REQUESTS_MAX) {
            var request =
                    HttpRequest.newBuilder(address)
                            .timeout(SOON)
                            .header("authorization", "Bearer " + team.key())
                            .header("content-type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(body))
                            .build();
            long since = System.nanoTime();
            var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.body().contains("budget_ledger_unavailable")) {
                // no word on money: the machine is so busy that the ledger took longer than a wait
                assertThat(System.nanoTime() - since).isGreaterThan(A_WAIT.toNanos());
                late.incrementAndGet();
                continue;
            }
            if (answer.statusCode() == 200) {
                served.add(answer.headers().firstValue("x-tollgate-request-id").orElseThrow());
            } else {
                refusal.compareAndSet(null, answer.body());
            }
        }
    }
}
