package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code spec.rules[].canary} on a standalone gateway, which keeps its state over restarts. */
class CanaryE2E {

    private static final String SCRIPT = Resources.PRICES + "default: {text: 'yes'}\n";
    private static final String HALF_FAILS =
            Resources.PRICES
                    + """
                    default: {text: 'yes'}
                    rules:
                    - {when: {every: 2}, do: {error: {status: 500}}}
                    """;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ROUTE = "tollgate-system/chat/default";

    /** Machines that run tests are no measure of latency. */
    private static final String ANALYSIS = "{minRequests: 10, maxLatencyIncreasePercent: 10000}";

    @TempDir Path folder;
    private SimulatedProvider main;
    private SimulatedProvider next;

    @BeforeEach
    void start() throws Exception {
        main = SimulatedProvider.start("openai", SCRIPT, folder);
        next = SimulatedProvider.start("openai", SCRIPT, folder);
    }

    @AfterEach
    void stop() throws Exception {
        main.close();
        next.close();
    }

    private Standalone serve(String canary) throws Exception {
        return Standalone.serve(
                folder,
                Resources.namespace("team-a")
                        + Resources.secret("tollgate-system", "keys", "sk-simulated")
                        + Resources.clientKey("team-a", Standalone.KEY)
                        + provider("main", main)
                        + provider("next", next)
                        + policy(canary));
    }

    private static String provider(String name, SimulatedProvider simulated) {
        return Resources.provider(
                "tollgate-system",
                name,
                "OpenAI",
                simulated.url() + "/v1",
                List.of("gpt-4o-mini"),
                "allowedNamespaces: {from: All}");
    }

    private static String policy(String canary) {
        return """
        ---
        apiVersion: tollgate.dev/v1alpha1
        kind: RoutingPolicy
        metadata: {name: chat, namespace: tollgate-system}
        spec:
          visibleTo: {from: All}
          models: [fast]
          rules:
          - name: default
            targets:
            - {name: main, providerRef: {name: main}, model: gpt-4o-mini}
            - {name: next, providerRef: {name: next}, model: gpt-4o-mini, weight: 0}
            canary: %s
        """
                .formatted(canary);
    }

    private static void ask(Standalone gateway, int times) throws Exception {
        for (int i = 0; i < times; i++) {
            assertThat(gateway.chat("fast").statusCode()).isEqualTo(200);
        }
    }

    private JsonNode state() throws IOException {
        var file = folder.resolve("data").resolve("canaries.json");
        return Files.exists(file)
                ? JSON.readTree(Files.readAllBytes(file)).path(ROUTE)
                : JSON.createObjectNode();
    }

    private String phase() throws IOException {
        return state().path("phase").asText();
    }

    private void askUntil(Standalone gateway, String phase) {
        await().atMost(Duration.ofSeconds(60))
                .until(
                        () -> {
                            // few, as no more than ten failures in a second are tried again
                            ask(gateway, 3);
                            return phase().equals(phase);
                        });
    }

    @Test
    void takesItsShareAndWaitsForAnEdit() throws Exception {
        try (var gateway =
                serve("{target: next, steps: [{percent: 30}], analysis: " + ANALYSIS + "}")) {
            ask(gateway, 400);
            // 120 are expected; five deviations are 46
            assertThat(next.requests()).hasSizeBetween(74, 166);
            assertThat(main.requests().size() + next.requests().size()).isEqualTo(400);
            await().until(() -> phase().equals("WAITING"));

            gateway.write(
                    "main.yaml",
                    Files.readString(folder.resolve("config").resolve("main.yaml"))
                            .replace("[{percent: 30}]", "[{percent: 60, hold: 1s}]"));
            askUntil(gateway, "PROMOTED");
        }
    }

    @Test
    void risesStepByStepAndIsPromoted() throws Exception {
        try (var gateway =
                serve(
                        "{target: next, steps: [{percent: 20, hold: 1s}, {percent: 60, hold: 1s}],"
                                + " analysis: "
                                + ANALYSIS
                                + "}")) {
            askUntil(gateway, "PROMOTED");
            assertThat(state().path("step").asInt()).isEqualTo(2);
            // the share of 100 % is compiled at once, and the requests before it are over
            await().untilAsserted(
                            () -> {
                                main.clear();
                                int before = next.calls().size();
                                ask(gateway, 50);
                                assertThat(next.calls().size() - before).isEqualTo(50);
                            });
            assertThat(main.calls()).isEmpty();
        }
    }

    @Test
    void isRolledBackWhenHalfOfItFailsAndStaysSoAfterARestart() throws Exception {
        next.script(HALF_FAILS);
        try (var gateway =
                serve(
                        "{target: next, steps: [{percent: 30, hold: 1h}], analysis: "
                                + ANALYSIS
                                + "}")) {
            askUntil(gateway, "ROLLED_BACK");
            assertThat(state().path("message").asText())
                    .contains("% errors (expected: at most 5 %)");
            gateway.close();
            gateway.start();
            int before = next.requests().size();
            ask(gateway, 50);
            assertThat(next.requests()).hasSize(before);
            assertThat(phase()).isEqualTo("ROLLED_BACK");

            next.script(SCRIPT);
            gateway.write(
                    "main.yaml",
                    Files.readString(folder.resolve("config").resolve("main.yaml"))
                            .replace(
                                    "{name: chat, namespace: tollgate-system}",
                                    "{name: chat, namespace: tollgate-system, annotations:"
                                            + " {tollgate.dev/canary-retry-at: \"1\"}}"));
            askUntil(gateway, "PROGRESSING");
            ask(gateway, 50);
            assertThat(next.requests().size()).isGreaterThan(before);
        }
    }

    @Test
    void staysAtItsStepWhenToldToPause() throws Exception {
        next.script(HALF_FAILS);
        try (var gateway =
                serve(
                        "{target: next, onFailure: Pause, steps: [{percent: 30, hold: 1h}],"
                                + " analysis: "
                                + ANALYSIS
                                + "}")) {
            askUntil(gateway, "PAUSED");
            int before = next.requests().size();
            // answers are not looked at: so many failures a second may spend the retry budget
            for (int i = 0; i < 100; i++) {
                gateway.chat("fast");
            }
            assertThat(next.requests().size()).isGreaterThan(before + 5);
        }
    }
}
