package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.crds.apiserver.ApiServer;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A provider bills more than the call could cost: the Hard Budget is stopped in the proxy that saw
 * it, over a kill while nobody else knows, and in the other one, until somebody acknowledges it.
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
        API.kubectl(Resources.namespace(SYSTEM) + Resources.namespace(TEAM), "apply", "-f", "-");
        try (var provider = SimulatedProvider.start("openai", SCRIPT, folder);
                var fleet = new Fleet(API, folder, SYSTEM, List.of(TEAM), List.of())) {
            fleet.startProxies(2);
            fleet.kubectl(resources(provider), "apply", "-f", "-");
            fleet.awaitProgrammed(TEAM, "rpol,bud");
            assertThat(ask(fleet, 0, "fine").statusCode()).isEqualTo(200);
            assertThat(ask(fleet, 1, "fine").statusCode()).isEqualTo(200);
            assertThat(condition()).isEqualTo("absent");

            fleet.operator().kill(); // so that only the proxy's disk has it
            assertThat(ask(fleet, 0, "too dear").statusCode()).isEqualTo(200);
            var refused = message(ask(fleet, 0, "fine"));
            awaitKept(folder.resolve("proxy-0"));
            fleet.proxy(0).kill();
            fleet.restart(0);
            assertThat(message(ask(fleet, 0, "fine"))).isEqualTo(refused);

            fleet.startOperator();
            await().atMost(SOON).until(() -> ask(fleet, 1, "fine").statusCode() == 403);
            await().atMost(SOON).until(() -> condition().startsWith("True BoundViolation "));
            var last = status().path("lastViolation");
            assertThat(last.path("cost").asText()).startsWith("0.0018");
            assertThat(last.path("proxy").asText()).isEqualTo("proxy-0");
            assertThat(condition())
                    .contains(last.path("request").asText())
                    .contains(ANNOTATION + "=" + last.path("at").asText());
            assertThat(refused).contains(last.path("request").asText());

            acknowledge(last.path("at").asText());
            for (int proxy : List.of(0, 1)) {
                await().atMost(SOON).until(() -> ask(fleet, proxy, "fine").statusCode() == 200);
            }
            await().atMost(SOON).until(() -> condition().startsWith("False Acknowledged "));
        }
    }

    @Test
    void stopsTheBudgetOfAFolderOverAKillUntilItsYamlAcknowledges() throws Exception {
        try (var provider = SimulatedProvider.start("openai", SCRIPT, folder);
                var gateway =
                        Standalone.serve(folder, Resources.namespace(TEAM) + resources(provider))) {
            assertThat(ask(gateway, "fine").statusCode()).isEqualTo(200);
            assertThat(ask(gateway, "too dear").statusCode()).isEqualTo(200);
            var refused = message(ask(gateway, "fine"));

            awaitKept(folder.resolve("data"));
            gateway.process().kill();
            gateway.start();
            assertThat(message(ask(gateway, "fine"))).isEqualTo(refused);

            var at = Pattern.compile(ANNOTATION + "=(\\S+Z)").matcher(refused);
            assertThat(at.find()).as(refused).isTrue();
            var metadata = "metadata: {name: monthly, namespace: %s".formatted(TEAM);
            var acknowledged =
                    resources(provider)
                            .replace(
                                    metadata,
                                    metadata
                                            + ", annotations: {%s: \"%s\"}"
                                                    .formatted(ANNOTATION, at.group(1)));
            gateway.write("main.yaml", Resources.namespace(TEAM) + acknowledged);
            await().atMost(SOON).until(() -> ask(gateway, "fine").statusCode() == 200);
        }
    }

    /** It stops the Budget in memory first, and writes its file beside the traffic. */
    private static void awaitKept(Path data) {
        var file = data.resolve("violations.json");
        await().atMost(SOON)
                .until(
                        () ->
                                Files.exists(file)
                                        && JSON.readTree(file.toFile()).has(TEAM + "/monthly"));
    }

    private static HttpResponse<String> ask(Standalone gateway, String question) throws Exception {
        return gateway.post("/v1/chat/completions", body(question));
    }

    private static String message(HttpResponse<String> refused) throws Exception {
        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(403);
        assertThat(refused.body()).contains("budget_suspended", "above its bound", ANNOTATION);
        return JSON.readTree(refused.body()).at("/error/message").asText();
    }

    private static void acknowledge(String at) {
        kubectl("annotate", "--overwrite", "-n", TEAM, "bud/monthly", ANNOTATION + "=" + at);
    }

    private static HttpResponse<String> ask(Fleet fleet, int proxy, String question)
            throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(fleet.addresses().get(proxy))
                        .header("authorization", "Bearer " + Standalone.KEY)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body(question)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String body(String question) {
        return Standalone.chatBody("chat").replace("What is a tollgate?", question);
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

    private static String resources(SimulatedProvider provider) {
        return Resources.secret(TEAM, "keys", "sk-simulated")
                + Resources.clientKey(TEAM, Standalone.KEY)
                + Resources.provider(
                        TEAM, "main", "OpenAI", provider.url() + "/v1", List.of("gpt-4o-mini"))
                + Resources.route(TEAM, "chat", "main/gpt-4o-mini")
                + Resources.budget(TEAM, "monthly", "5");
    }

    private static String kubectl(String... arguments) {
        var outcome = API.kubectl("", arguments);
        assertThat(outcome.ok()).as(outcome.err() + outcome.out()).isTrue();
        return outcome.out();
    }
}
