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
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * One Budget of the platform for the namespaces that it selects, an amount for each: who spends it
 * all takes nothing from the others, and a Hold of it stops them all, in proxies that run.
 */
class PlatformBudgetE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final String PLATFORM = "each-system";
    private static final String ONE = "each-one";
    private static final String OTHER = "each-other";
    private static final String ONES_KEY = "tg-1111111111111111111111111111111111111111111";
    private static final String OTHERS_KEY = "tg-2222222222222222222222222222222222222222222";
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** Worth about ten answers of 60 tokens. */
    private static final String AMOUNT = "0.000400";

    private static final int MORE_THAN_IT_IS_WORTH = 40;

    @TempDir Path folder;

    @Test
    void countsEachNamespaceApartAndAHoldStopsThemAll() throws Exception {
        API.installCrds();
        for (var namespace : List.of(PLATFORM, ONE, OTHER)) {
            API.kubectl(Resources.namespace(namespace), "apply", "-f", "-");
        }
        var script = Resources.PRICES + "default: {outputTokens: 60}\n";
        try (var provider = SimulatedProvider.start("openai", script, folder);
                var fleet = new Fleet(API, folder, PLATFORM, List.of(ONE, OTHER), List.of())) {
            fleet.startProxies(2);
            fleet.kubectl(
                    team(ONE, ONES_KEY, provider) + team(OTHER, OTHERS_KEY, provider) + budget(),
                    "apply",
                    "-f",
                    "-");
            fleet.awaitProgrammed(ONE, "rpol");
            fleet.awaitProgrammed(OTHER, "rpol");
            fleet.awaitProgrammed(PLATFORM, "bud");

            var asked = new AtomicInteger();
            var served = new AtomicInteger();
            await().atMost(SOON)
                    .pollInterval(Duration.ofMillis(10))
                    .until(
                            () -> {
                                var answer = ask(fleet, asked.getAndIncrement(), ONES_KEY);
                                served.addAndGet(answer.statusCode() == 200 ? 1 : 0);
                                return answer.body().contains("insufficient_quota");
                            });
            assertThat(served.get()).isBetween(2, MORE_THAN_IT_IS_WORTH);
            for (int proxy : List.of(0, 1)) {
                await().atMost(SOON)
                        .untilAsserted(
                                () ->
                                        assertThat(ask(fleet, proxy, ONES_KEY).body())
                                                .contains(
                                                        "insufficient_quota", PLATFORM + "/each"));
                await().atMost(SOON)
                        .untilAsserted(
                                () ->
                                        assertThat(ask(fleet, proxy, OTHERS_KEY).statusCode())
                                                .isEqualTo(200));
            }
            fleet.kubectl(
                    "",
                    "wait",
                    "-n",
                    PLATFORM,
                    "--for=condition=Exhausted",
                    "--timeout=120s",
                    "bud/each");

            suspend(fleet, "Hold");
            for (int proxy : List.of(0, 1)) {
                await().atMost(SOON).until(() -> ask(fleet, proxy, OTHERS_KEY).statusCode() == 403);
                assertThat(ask(fleet, proxy, OTHERS_KEY).body()).contains("suspended");
            }
            suspend(fleet, "Active");
            for (int proxy : List.of(0, 1)) {
                await().atMost(SOON).until(() -> ask(fleet, proxy, OTHERS_KEY).statusCode() == 200);
            }
        }
    }

    private static void suspend(Fleet fleet, String word) {
        var patch = "{\"spec\":{\"suspend\":\"%s\"}}".formatted(word);
        fleet.kubectl("", "patch", "-n", PLATFORM, "bud/each", "--type=merge", "-p", patch);
    }

    private static HttpResponse<String> ask(Fleet fleet, int number, String key) throws Exception {
        var addresses = fleet.addresses();
        URI proxy = addresses.get(number % addresses.size());
        return HTTP.send(
                HttpRequest.newBuilder(proxy)
                        .header("authorization", "Bearer " + key)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(Standalone.chatBody("chat")))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String team(String namespace, String key, SimulatedProvider provider) {
        return Resources.secret(namespace, "keys", "sk-simulated")
                + Resources.clientKey(namespace, key)
                + Resources.provider(
                        namespace, "main", "OpenAI", provider.url() + "/v1", List.of("gpt-4o-mini"))
                + Resources.route(namespace, "chat", "main/gpt-4o-mini");
    }

    private static String budget() {
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: Budget
               metadata: {name: each, namespace: %s}
               spec:
                 amount: "%s"
                 period: {type: Lifetime}
                 enforcement: {whenShort: Refuse}
                 subject:
                   namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [%s, %s]}]}
                   each: Namespace
               """
                .formatted(PLATFORM, AMOUNT, ONE, OTHER);
    }
}
