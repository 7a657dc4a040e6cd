package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.apiserver.ApiServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A thousand Budgets at ten proxies, all of them at work: how often the API server is written, as
 * it counts that itself. Takes ten minutes and the whole machine, so by hand: {@code
 * -Dtollgate.many=true}. The same in simulated time, in each build: {@code ManyBudgetsTest}.
 */
@EnabledIfSystemProperty(named = "tollgate.many", matches = "true")
class ManyBudgetsE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final String PLATFORM = "many";
    private static final String TEAM = "many-team";
    private static final int BUDGETS = 1_000;
    private static final int PROXIES = 10;
    private static final int CHUNK = 100;
    private static final int SECONDS_OF_A_ROUND = Integer.getInteger("tollgate.many.round", 30);
    private static final int KEYS_AT_FIRST = 6;
    private static final int PLACES = 200;
    private static final Duration LEASED_WITHIN = Duration.ofMinutes(5);
    private static final Duration PROGRAMMED_WITHIN = Duration.ofMinutes(5);
    private static final double WRITES_A_SECOND = 20;
    private static final int BEFORE_SECONDS = Integer.getInteger("tollgate.many.before", 150);
    private static final int MEASURED_SECONDS = Integer.getInteger("tollgate.many.measured", 180);
    private static final String BODY =
            "{\"model\": \"model\", \"max_tokens\": 50, \"messages\": [{\"role\": \"user\","
                    + " \"content\": \"hello\"}]}";
    private static final Pattern WRITE =
            Pattern.compile(
                    "apiserver_request_total\\{.*resource=\"([a-z]*)\".*subresource=\"([a-z]*)\".*"
                            + "verb=\"(POST|PUT|PATCH|APPLY|DELETE)\".*\\} (\\S+)");

    @TempDir Path folder;

    @Test
    void theApiServerIsWrittenAtMostTwentyTimesASecond() throws Exception {
        API.installCrds();
        API.kubectl(Resources.namespace(PLATFORM) + Resources.namespace(TEAM), "apply", "-f", "-");
        try (var provider =
                        SimulatedProvider.start(
                                "openai",
                                "prices:\n  model: {inputPer1M: \"1.00\", outputPer1M: \"5.00\"}\n"
                                        + "default: {latencyMs: 5, outputTokens: 50}\n",
                                folder);
                var fleet = new Fleet(API, folder, PLATFORM, List.of(TEAM), List.of())) {
            fleet.kubectl(resources(provider.url() + "/v1"), "apply", "-f", "-");
            for (int from = 0; from < BUDGETS; from += CHUNK) {
                fleet.kubectl(budgets(from, from + CHUNK), "apply", "-f", "-");
            }
            fleet.startProxies(PROXIES);
            await().atMost(PROGRAMMED_WITHIN).until(() -> programmed() == BUDGETS);
            measure(fleet.addresses());
        }
    }

    private static long programmed() {
        var names =
                API.kubectl(
                                "",
                                "get",
                                "bud",
                                "-n",
                                TEAM,
                                "-o",
                                "jsonpath={range .items[*]}{.status.conditions[?(@.type=='Programmed')].status}{'\\n'}{end}")
                        .out();
        return names.lines().filter("True"::equals).count();
    }

    private static String key(int number) {
        return "tg-%043d".formatted(number);
    }

    private static String resources(String url) {
        var text = new StringBuilder(Resources.secret(PLATFORM, "keys", "sk-simulated"));
        text.append(
                """
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: ModelProvider
                metadata: {name: provider, namespace: %s}
                spec:
                  type: OpenAICompatible
                  endpoint: {url: "%s"}
                  auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}
                  allowedNamespaces: {from: All}
                  models:
                  - {name: model, pricing: {inputPer1M: "1.00", outputPer1M: "5.00"}, contextTokens: 100000, maxOutputTokens: 4096}
                ---
                apiVersion: tollgate.dev/v1alpha1
                kind: RoutingPolicy
                metadata: {name: route, namespace: %s}
                spec:
                  models: [model]
                  rules:
                  - name: default
                    targets: [{name: only, providerRef: {name: provider, namespace: %s}, model: model}]
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: clients, namespace: %s, labels: {tollgate.dev/type: client-key}}
                stringData:
                """
                        .formatted(PLATFORM, url, TEAM, PLATFORM, TEAM));
        for (int i = 0; i < BUDGETS; i++) {
            text.append("  k%d: \"sha256:%s\"%n".formatted(i, Resources.sha256(key(i))));
        }
        return text.toString();
    }

    private static String budgets(int from, int to) {
        var text = new StringBuilder();
        for (int i = from; i < to; i++) {
            text.append(
                    """
                    ---
                    apiVersion: tollgate.dev/v1alpha1
                    kind: Budget
                    metadata: {name: budget-%d, namespace: %s}
                    spec:
                      amount: "10.00"
                      period: {type: Lifetime}
                      subject: {clientKeys: [clients/k%d]}
                    """
                            .formatted(i, TEAM, i));
        }
        return text.toString();
    }

    private static HttpRequest request(URI proxy, int number) {
        return HttpRequest.newBuilder(proxy)
                .header("authorization", "Bearer " + key(number))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(BODY))
                .build();
    }

    /** A few keys at a time, each at all proxies, until each has a lease of each Budget. */
    private static void lease(HttpClient http, List<URI> proxies) throws Exception {
        var begin = System.nanoTime();
        var next = new AtomicInteger();
        var again = new LongAdder();
        try (var workers = Executors.newFixedThreadPool(KEYS_AT_FIRST)) {
            var done = new ArrayList<Future<?>>();
            for (int i = 0; i < KEYS_AT_FIRST; i++) {
                done.add(
                        workers.submit(
                                () -> {
                                    int number;
                                    while ((number = next.getAndIncrement()) < BUDGETS) {
                                        while (!served(http, proxies, number)) {
                                            again.increment();
                                            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                                                    .isLessThan(LEASED_WITHIN);
                                        }
                                    }
                                    return null;
                                }));
            }
            for (var worker : done) {
                worker.get();
            }
        }
        System.out.printf(
                "all leases: %.0f s, %d asked again%n",
                (System.nanoTime() - begin) / 1e9, again.sum());
    }

    /** By all proxies, which are asked at the same time. */
    private static boolean served(HttpClient http, List<URI> proxies, int number) {
        return proxies.stream()
                .map(
                        proxy ->
                                http.sendAsync(
                                        request(proxy, number),
                                        HttpResponse.BodyHandlers.ofString()))
                .toList()
                .stream()
                .allMatch(answer -> answer.join().statusCode() == 200);
    }

    /** Each key at each proxy, once in a round, in an order of its own. */
    private static void measure(List<URI> proxies) throws Exception {
        var requests = new ArrayList<HttpRequest>();
        for (var proxy : proxies) {
            for (int i = 0; i < BUDGETS; i++) {
                requests.add(request(proxy, i));
            }
        }
        Collections.shuffle(requests, new Random(1));
        var served = new LongAdder();
        var others = new LongAdder();
        var places = new Semaphore(PLACES);
        var between = TimeUnit.SECONDS.toNanos(SECONDS_OF_A_ROUND) / requests.size();
        try (var http =
                        HttpClient.newBuilder()
                                .version(HttpClient.Version.HTTP_1_1)
                                .executor(Executors.newVirtualThreadPerTaskExecutor())
                                .build();
                var pacer = Executors.newSingleThreadScheduledExecutor()) {
            lease(http, proxies);
            var next = new int[1];
            pacer.scheduleAtFixedRate(
                    () -> {
                        if (!places.tryAcquire()) {
                            return;
                        }
                        var request = requests.get(next[0]++ % requests.size());
                        http.sendAsync(request, HttpResponse.BodyHandlers.ofString())
                                .whenComplete(
                                        (answer, failure) -> {
                                            places.release();
                                            var ok = answer != null && answer.statusCode() == 200;
                                            (ok ? served : others).increment();
                                        });
                    },
                    0,
                    between,
                    TimeUnit.NANOSECONDS);
            awaitSeconds(BEFORE_SECONDS);
            System.out.printf("begin: served %d, others %d%n", served.sum(), others.sum());
            long servedBefore = served.sum();
            long othersBefore = others.sum();
            var before = writes();
            var begin = System.nanoTime();
            awaitSeconds(MEASURED_SECONDS);
            var after = writes();
            var seconds = (System.nanoTime() - begin) / 1e9;
            pacer.shutdownNow();
            double sum = 0;
            for (var each : after.entrySet()) {
                var rate = (each.getValue() - before.getOrDefault(each.getKey(), 0.0)) / seconds;
                if (rate > 0) {
                    System.out.printf("%6.2f writes a second  %s%n", rate, each.getKey());
                }
                sum += rate;
            }
            System.out.printf(
                    "%6.2f writes a second in all; %.0f requests a second, %d not answered%n",
                    sum, (served.sum() - servedBefore) / seconds, others.sum() - othersBefore);
            assertThat(others.sum()).as("not answered in all that time").isEqualTo(othersBefore);
            assertThat(sum).isLessThanOrEqualTo(WRITES_A_SECOND);
        }
    }

    private static void awaitSeconds(int seconds) {
        var end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        await().atMost(Duration.ofSeconds(seconds + 60L))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> System.nanoTime() - end >= 0);
    }

    /** By what they write. */
    private static TreeMap<String, Double> writes() {
        var writes = new TreeMap<String, Double>();
        var metrics = API.client().raw("/metrics");
        metrics.lines()
                .map(WRITE::matcher)
                .filter(m -> m.matches())
                .forEach(
                        m ->
                                writes.merge(
                                        m.group(1) + (m.group(2).isEmpty() ? "" : "/" + m.group(2)),
                                        Double.parseDouble(m.group(4)),
                                        Double::sum));
        return writes;
    }
}
