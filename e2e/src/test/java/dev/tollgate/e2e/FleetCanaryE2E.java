package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.loopback.FreePort;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A canary of a fleet: two proxies count, the operator judges, {@code .status} tells. */
class FleetCanaryE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SCRIPT = Resources.PRICES + "default: {text: 'yes'}\n";
    private static final Duration SOON = Duration.ofSeconds(90);

    @TempDir Path folder;

    @Test
    void isPromotedByStepsOrRolledBackAndItsStateOutlivesTheOperator() throws Exception {
        API.installCrds();
        kubectl("create", "namespace", "canary-system");
        kubectl("create", "namespace", "team-canary");
        try (var main = SimulatedProvider.start("openai", SCRIPT, folder);
                var next = SimulatedProvider.start("openai", SCRIPT, folder)) {
            TollgateProcess operator = startOperator(String.valueOf(FreePort.next()));
            var port = String.valueOf(operator.port());
            try (var first = startProxy("proxy-1", port);
                    var second = startProxy("proxy-2", port)) {
                var proxies = List.of(first, second);
                apply(
                        Resources.secret("team-canary", "keys", "sk-simulated")
                                + Resources.clientKey("team-canary", Standalone.KEY)
                                + provider("main", main)
                                + provider("next", next)
                                + policy("{percent: 25, hold: 1s}, {percent: 60, hold: 1s}"));
                new Gateways(proxies).awaitReady();
                programmed();

                askUntil(proxies, "Promoted");
                assertThat(canary().get("step").asInt()).isEqualTo(2);
                assertThat(canary().get("percent").asInt()).isEqualTo(100);
                assertThat(condition()).isEqualTo("False Promoted");

                // every third only: a circuit would open on failures in a row
                next.script(SCRIPT.replace("default:", "rules: [%s]\ndefault:".formatted(FAILS)));
                apply(policy("{percent: 40, hold: 1h}"));
                askUntil(proxies, "RolledBack");
                assertThat(canary().get("percent").asInt()).isZero();
                assertThat(canary().get("message").asText()).contains("% errors");
                assertThat(condition()).isEqualTo("False RolledBack");
                var since = canary().get("since").asText();

                operator.close();
                operator = startOperator(port);
                apply(policy("{percent: 40, hold: 1h}").replace("[fast]", "[fast, faster]"));
                programmed();
                assertThat(canary().get("phase").asText()).isEqualTo("RolledBack");
                assertThat(canary().get("since").asText()).isEqualTo(since);
                int before = next.requests().size();
                ask(proxies, 30);
                assertThat(next.requests()).hasSize(before);

                kubectl(
                        "annotate",
                        "-n",
                        "team-canary",
                        "rpol/chat",
                        "tollgate.dev/canary-retry-at=2026-11-02T09:00:00Z");
                await().atMost(SOON).until(() -> phase().equals("Progressing"));
                assertThat(canary().get("percent").asInt()).isEqualTo(40);
                assertThat(condition()).isEqualTo("True Progressing");
            } finally {
                operator.close();
            }
        }
    }

    private static final String FAILS = "{when: {every: 3}, do: {error: {status: 500}}}";

    private static void askUntil(List<TollgateProcess> proxies, String phase) {
        await().atMost(SOON)
                .until(
                        () -> {
                            // few, as no more than ten failures in a second are tried again
                            ask(proxies, 10);
                            return phase().equals(phase);
                        });
    }

    private static void ask(List<TollgateProcess> proxies, int times) throws Exception {
        for (int i = 0; i < times; i++) {
            var proxy = proxies.get(i % proxies.size());
            var request =
                    HttpRequest.newBuilder(
                                    URI.create(
                                            "http://127.0.0.1:"
                                                    + proxy.port()
                                                    + "/v1/chat/completions"))
                            .header("authorization", "Bearer " + Standalone.KEY)
                            .header("content-type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(Standalone.chatBody("fast")))
                            .build();
            var answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }
    }

    private static JsonNode status() throws Exception {
        return JSON.readTree(kubectl("get", "-n", "team-canary", "rpol/chat", "-o", "json"))
                .path("status");
    }

    private static JsonNode canary() throws Exception {
        return status().path("canaries").path(0);
    }

    private static String phase() throws Exception {
        return canary().path("phase").asText();
    }

    private static String condition() throws Exception {
        for (var condition : status().path("conditions")) {
            if (condition.get("type").asText().equals("CanaryProgressing")) {
                return condition.get("status").asText() + " " + condition.get("reason").asText();
            }
        }
        return "absent";
    }

    private static void programmed() throws Exception {
        await().atMost(SOON)
                .until(
                        () -> {
                            var object =
                                    JSON.readTree(
                                            kubectl(
                                                    "get",
                                                    "-n",
                                                    "team-canary",
                                                    "rpol/chat",
                                                    "-o",
                                                    "json"));
                            return object.path("metadata").path("generation").asLong()
                                    == object.path("status").path("observedGeneration").asLong();
                        });
        kubectl(
                "wait",
                "-n",
                "team-canary",
                "--for=condition=Programmed",
                "--timeout=120s",
                "rpol/chat");
    }

    private TollgateProcess startOperator(String port) throws Exception {
        return TollgateProcess.start(
                "operator",
                "--kubeconfig=" + API.kubeconfig(),
                "--push-port=" + port,
                "--admin-port=0",
                "--control-security=none",
                "--platform-namespace=canary-system",
                "--secret-namespaces=canary-system,team-canary",
                "--endpoint-policy=any",
                "--data=" + folder.resolve("operator"));
    }

    private TollgateProcess startProxy(String name, String port) throws Exception {
        return TollgateProcess.start(
                "proxy",
                "--operator=127.0.0.1:" + port,
                "--port=0",
                "--admin-port=0",
                "--control-security=none",
                "--proxy-name=" + name,
                "--data=" + folder.resolve(name));
    }

    private static String provider(String name, SimulatedProvider simulated) {
        return Resources.provider(
                "team-canary", name, "OpenAI", simulated.url() + "/v1", List.of("gpt-4o-mini"));
    }

    private static String policy(String steps) {
        return """
        ---
        apiVersion: tollgate.dev/v1alpha1
        kind: RoutingPolicy
        metadata: {name: chat, namespace: team-canary}
        spec:
          models: [fast]
          rules:
          - name: default
            targets:
            - {name: main, providerRef: {name: main}, model: gpt-4o-mini}
            - {name: next, providerRef: {name: next}, model: gpt-4o-mini, weight: 0}
            canary:
              target: next
              steps: [%s]
              analysis: {minRequests: 10, maxLatencyIncreasePercent: 10000}
        """
                .formatted(steps);
    }

    private static void apply(String yaml) {
        var outcome = API.kubectl(yaml, "apply", "-f", "-");
        assertThat(outcome.ok()).as(outcome.err()).isTrue();
    }

    private static String kubectl(String... arguments) {
        var outcome = API.kubectl("", arguments);
        assertThat(outcome.ok()).as(outcome.err() + outcome.out()).isTrue();
        return outcome.out();
    }
}
