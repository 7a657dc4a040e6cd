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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A game day in a cluster: an annotation, two proxies that obey it, and a report in the status. */
class FleetDrillE2E {

    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final String SYSTEM = "drill-system";
    private static final String TEAM = "team-drill";
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SCRIPT = Resources.PRICES + "default: {text: 'yes'}\n";
    private static final Duration SOON = Duration.ofSeconds(90);

    @TempDir Path folder;

    @Test
    void showsThatTheChainHoldsOrNotAndEndsByItselfWithoutTheOperator() throws Exception {
        API.installCrds();
        kubectl("create", "namespace", SYSTEM);
        kubectl("create", "namespace", TEAM);
        try (var main = SimulatedProvider.start("openai", SCRIPT, folder);
                var spare = SimulatedProvider.start("openai", SCRIPT, folder)) {
            TollgateProcess operator = startOperator(String.valueOf(FreePort.next()));
            var port = String.valueOf(operator.port());
            try (var first = startProxy("proxy-1", port);
                    var second = startProxy("proxy-2", port)) {
                var proxies = List.of(first, second);
                apply(
                        Resources.secret(TEAM, "keys", "sk-simulated")
                                + Resources.clientKey(TEAM, Standalone.KEY)
                                + provider("main", main)
                                + provider("spare", spare)
                                + Resources.route(
                                        TEAM, "chat", "main/gpt-4o-mini", "spare/gpt-4o-mini"));
                new Gateways(proxies).awaitReady();
                kubectl(
                        "wait",
                        "-n",
                        TEAM,
                        "--for=condition=Programmed",
                        "--timeout=120s",
                        "rpol/chat");
                assertThat(served(first) + served(second)).isEqualTo("mainmain");

                drill("main", "2099-01-01T00:00:00Z");
                await().atMost(SOON)
                        .until(() -> drill("main").startsWith("False Refused tollgate.dev/drill"));
                assertThat(drill("main")).contains("at most 1 h ahead");

                drill("main", in(20));
                await().atMost(SOON).until(() -> served(first).equals("spare"));
                await().atMost(SOON).until(() -> served(second).equals("spare"));
                await().atMost(SOON).until(() -> drill("main").startsWith("Unknown Running"));
                kubectl(
                        "wait",
                        "-n",
                        TEAM,
                        "--for=condition=Drill",
                        "--timeout=120s",
                        "mprov/main");
                assertThat(drill("main")).startsWith("True Passed ended ").contains("0 failed");
                var report = status("main").get("drill");
                assertThat(report.get("answered").asLong())
                        .isEqualTo(report.get("requests").asLong())
                        .isGreaterThanOrEqualTo(2);
                await().atMost(SOON).until(() -> served(first).equals("main"));

                // nobody is left to answer, and it is called off
                drill("main", in(300));
                drill("spare", in(300));
                await().atMost(SOON)
                        .until(
                                () -> {
                                    ask(first);
                                    return status("main").path("drill").path("failed").asLong() > 0;
                                });
                kubectl("annotate", "-n", TEAM, "mprov/main", "tollgate.dev/drill-until-");
                kubectl("annotate", "-n", TEAM, "mprov/spare", "tollgate.dev/drill-until-");
                await().atMost(SOON).until(() -> drill("main").startsWith("False Failed ended "));
                for (var proxy : proxies) {
                    await().atMost(SOON).until(() -> served(proxy).equals("main"));
                }

                // its end needs no operator
                var until = Instant.now().plusSeconds(25).truncatedTo(ChronoUnit.SECONDS);
                drill("main", until.toString());
                await().atMost(SOON).until(() -> served(first).equals("spare"));
                await().atMost(SOON).until(() -> drill("main").startsWith("Unknown Running"));
                operator.kill();
                assertThat(Instant.now()).isBefore(until);
                assertThat(served(first)).isEqualTo("spare");
                await().atMost(SOON).until(() -> served(first).equals("main"));
                assertThat(Instant.now()).isAfterOrEqualTo(until.minusSeconds(1));

                operator = startOperator(port);
                kubectl(
                        "wait",
                        "-n",
                        TEAM,
                        "--for=condition=Drill",
                        "--timeout=120s",
                        "mprov/main");
                assertThat(status("main").get("drill").get("until").asText())
                        .isEqualTo(until.toString());
            } finally {
                operator.close();
            }
        }
    }

    private static String in(int seconds) {
        return Instant.now().plusSeconds(seconds).truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static void drill(String provider, String until) {
        kubectl(
                "annotate",
                "--overwrite",
                "-n",
                TEAM,
                "mprov/" + provider,
                "tollgate.dev/drill-until=" + until);
    }

    private static HttpResponse<String> ask(TollgateProcess proxy) throws Exception {
        var address = "http://127.0.0.1:" + proxy.port() + "/v1/chat/completions";
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(address))
                        .header("authorization", "Bearer " + Standalone.KEY)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(Standalone.chatBody("chat")))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String served(TollgateProcess proxy) throws Exception {
        return ask(proxy).headers().firstValue("x-tollgate-provider").orElse("none");
    }

    private static JsonNode status(String provider) throws Exception {
        return JSON.readTree(kubectl("get", "-n", TEAM, "mprov/" + provider, "-o", "json"))
                .path("status");
    }

    /** Status, reason and message of the condition. */
    private static String drill(String provider) throws Exception {
        for (var condition : status(provider).path("conditions")) {
            if (condition.get("type").asText().equals("Drill")) {
                return condition.get("status").asText()
                        + " "
                        + condition.get("reason").asText()
                        + " "
                        + condition.get("message").asText();
            }
        }
        return "absent";
    }

    private TollgateProcess startOperator(String port) throws Exception {
        return TollgateProcess.start(
                "operator",
                "--kubeconfig=" + API.kubeconfig(),
                "--push-port=" + port,
                "--admin-port=0",
                "--control-security=none",
                "--platform-namespace=" + SYSTEM,
                "--namespaces=" + TEAM,
                "--secret-namespaces=" + SYSTEM + "," + TEAM,
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

    /** Its circuit opens for a moment only, so that requests go on meeting the drill. */
    private static String provider(String name, SimulatedProvider simulated) {
        return Resources.provider(
                TEAM,
                name,
                "OpenAI",
                simulated.url() + "/v1",
                List.of("gpt-4o-mini"),
                "breaker: {openFor: 500ms, maxOpenFor: 500ms}");
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
