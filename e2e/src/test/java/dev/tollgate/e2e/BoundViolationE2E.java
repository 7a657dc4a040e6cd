package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.crds.apiserver.ApiServer;
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

/**
 * A provider bills more than the call could cost: the Hard Budget is stopped in the proxy that saw
 * it, in the other one, and over a kill, until somebody acknowledges it.
 */
class BoundViolationE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final String SYSTEM = "violation-system";
    private static final String TEAM = "team-violation";
    private static final String ANNOTATION = "tollgate.dev/violation-acknowledged-at";
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SOON = Duration.ofSeconds(60);

    /** 60 tokens were allowed. */
    private static final String SCRIPT =
            Resources.PRICES
                    + """
                    default: {text: 'yes'}
                    rules:
                    - when: {text: too dear}
                      do: {usage: {kind: wrong, output: 3000}}
                    """;

    @TempDir Path folder;

    @Test
    void stopsTheBudgetInEveryProxyUntilItIsAcknowledged() throws Exception {
        API.installCrds();
        kubectl("create", "namespace", SYSTEM);
        kubectl("create", "namespace", TEAM);
        try (var provider = SimulatedProvider.start("openai", SCRIPT, folder);
                var operator = startOperator();
                var second = startProxy("proxy-2", operator)) {
            var first = startProxy("proxy-1", operator);
            try {
                apply(resources(provider));
                kubectl(
                        "wait",
                        "-n",
                        TEAM,
                        "--for=condition=Programmed",
                        "--timeout=60s",
                        "rpol/chat",
                        "bud/monthly");
                assertThat(ask(first, "fine").statusCode()).isEqualTo(200);
                assertThat(ask(second, "fine").statusCode()).isEqualTo(200);
                assertThat(condition()).isEqualTo("absent");

                assertThat(ask(first, "too dear").statusCode()).isEqualTo(200);
                var refused = ask(first, "fine");
                assertThat(refused.statusCode()).as(refused.body()).isEqualTo(403);
                assertThat(refused.body())
                        .contains("budget_suspended", "above its bound", ANNOTATION);

                await().atMost(SOON).until(() -> ask(second, "fine").statusCode() == 403);
                await().atMost(SOON).until(() -> condition().startsWith("True BoundViolation "));
                var last = status().path("lastViolation");
                assertThat(last.path("cost").asText()).startsWith("0.0018");
                assertThat(last.path("proxy").asText()).isEqualTo("proxy-1");
                assertThat(condition())
                        .contains(last.path("request").asText())
                        .contains(ANNOTATION + "=" + last.path("at").asText());

                first.kill();
                first = startProxy("proxy-1", operator);
                assertThat(ask(first, "fine").statusCode()).isEqualTo(403);

                acknowledge(last.path("at").asText());
                for (var proxy : List.of(first, second)) {
                    await().atMost(SOON).until(() -> ask(proxy, "fine").statusCode() == 200);
                }
                await().atMost(SOON).until(() -> condition().startsWith("False Acknowledged "));
            } finally {
                first.close();
            }
        }
    }

    private static void acknowledge(String at) {
        kubectl("annotate", "--overwrite", "-n", TEAM, "bud/monthly", ANNOTATION + "=" + at);
    }

    private static HttpResponse<String> ask(TollgateProcess proxy, String question)
            throws Exception {
        var address = "http://127.0.0.1:" + proxy.port() + "/v1/chat/completions";
        var body = Standalone.chatBody("chat").replace("What is a tollgate?", question);
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(address))
                        .header("authorization", "Bearer " + Standalone.KEY)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode status() throws Exception {
        return JSON.readTree(kubectl("get", "-n", TEAM, "bud/monthly", "-o", "json"))
                .path("status");
    }

    /** Status, reason and message. */
    private static String condition() throws Exception {
        for (var condition : status().path("conditions")) {
            if (condition.get("type").asText().equals("BoundViolation")) {
                return condition.get("status").asText()
                        + " "
                        + condition.get("reason").asText()
                        + " "
                        + condition.get("message").asText();
            }
        }
        return "absent";
    }

    private TollgateProcess startOperator() throws Exception {
        return TollgateProcess.start(
                "operator",
                "--kubeconfig=" + API.kubeconfig(),
                "--push-port=0",
                "--admin-port=0",
                "--control-security=none",
                "--platform-namespace=" + SYSTEM,
                "--namespaces=" + TEAM,
                "--secret-namespaces=" + SYSTEM + "," + TEAM,
                "--endpoint-policy=any",
                "--data=" + folder.resolve("operator"));
    }

    private TollgateProcess startProxy(String name, TollgateProcess operator) throws Exception {
        return TollgateProcess.start(
                "proxy",
                "--operator=127.0.0.1:" + operator.port(),
                "--port=0",
                "--admin-port=0",
                "--control-security=none",
                "--proxy-name=" + name,
                "--data=" + folder.resolve(name));
    }

    private static String resources(SimulatedProvider provider) {
        return Resources.secret(TEAM, "keys", "sk-simulated")
                + Resources.clientKey(TEAM, Standalone.KEY)
                + Resources.provider(
                        TEAM, "main", "OpenAI", provider.url() + "/v1", List.of("gpt-4o-mini"))
                + Resources.route(TEAM, "chat", "main/gpt-4o-mini")
                + Resources.budget(TEAM, "monthly", "5");
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
