package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code hedge} on a standalone gateway, as the official SDKs and the providers' bills see it. */
class HedgeE2E {

    /** After so many requests the share of 20 % has room for the hedge of the next one. */
    private static final int PRIMING = 4;

    private static final String QUICK =
            Resources.PRICES + "default: {text: 'A barrier that is raised for money.'}\n";
    private static final String LATE =
            Resources.PRICES
                    + "default: {text: 'A barrier that is raised for money.', latencyMs: 6000}\n";
    private static final String SPARE =
            Resources.PRICES + "default: {text: 'A gate where one pays.', inputTokens: 30}\n";

    @TempDir static Path folder;
    static SimulatedProvider billsOn;
    static SimulatedProvider stops;
    static SimulatedProvider spare;
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        billsOn = SimulatedProvider.start("openai", toTheEnd(QUICK), folder);
        stops = SimulatedProvider.start("openai", QUICK, folder);
        spare = SimulatedProvider.start("anthropic", SPARE, folder);
        gateway =
                Standalone.serve(
                        folder,
                        Resources.namespace("team-a")
                                + Resources.secret("team-a", "keys", "sk-simulated")
                                + Resources.clientKey("team-a", Standalone.KEY)
                                + Resources.budget("team-a", "ample", "100.00")
                                + provider("bills-on", "OpenAICompatible", billsOn, "gpt-4o-mini")
                                + provider("stops", "OpenAI", stops, "gpt-4o-mini")
                                + Resources.provider(
                                        "team-a",
                                        "spare",
                                        "Anthropic",
                                        spare.url(),
                                        List.of("claude-haiku-4-5"))
                                + route("exact", "bills-on/gpt-4o-mini")
                                + route("cut", "stops/gpt-4o-mini"));
    }

    private static String provider(
            String name, String type, SimulatedProvider simulated, String model) {
        return Resources.provider("team-a", name, type, simulated.url() + "/v1", List.of(model));
    }

    private static String route(String name, String first) {
        return Resources.route("team-a", name, first, "spare/claude-haiku-4-5")
                .replace(
                        "    targets:",
                        "    hedge: {mode: FirstToken, after: 800ms, maxPercent: 20, maxCost: \"1.00\"}\n    targets:");
    }

    private static String toTheEnd(String script) {
        return script.replace("billingStops: true", "billingStops: false");
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        billsOn.close();
        stops.close();
        spare.close();
    }

    @BeforeEach
    void allAreQuick() throws Exception {
        billsOn.script(toTheEnd(QUICK));
        stops.script(QUICK);
    }

    private static Sdk sdk(String client) throws Exception {
        return switch (client) {
            case "openai" -> new OpenAiSdk(gateway.url(), Standalone.KEY);
            case "anthropic" -> new AnthropicSdk(gateway.url(), Standalone.KEY);
            case "gemini" -> new GeminiSdk(gateway.url(), Standalone.KEY);
            default -> throw new IllegalArgumentException(client);
        };
    }

    private static void prime(String model, int times) throws Exception {
        int records = gateway.records().size();
        for (int i = 0; i < times; i++) {
            var answer = gateway.chat(model);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("barrier");
        }
        await().until(() -> gateway.records().size() == records + times);
    }

    private static List<JsonNode> records(int from, int count) throws Exception {
        await().until(() -> gateway.records().size() == from + count);
        return gateway.records().subList(from, from + count);
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai", "anthropic", "gemini"})
    void everySdkGetsTheQuickAnswerAndBothProvidersArePaidToTheNano(String client)
            throws Exception {
        prime("exact", 2 * PRIMING);
        int before = gateway.records().size();
        long billed = billsOn.totalNanos() + spare.totalNanos();
        billsOn.script(toTheEnd(LATE));
        try (var sdk = sdk(client)) {
            assertThat(sdk.plain("exact").text()).contains("gate").doesNotContain("barrier");
            assertThat(sdk.stream("exact").text()).contains("gate").doesNotContain("barrier");
        }
        long charged = 0;
        for (var record : records(before, 2)) {
            assertThat(record.get("provider_chosen").asText()).isEqualTo("spare");
            assertThat(record.get("outcome").asText()).isEqualTo("ok");
            assertThat(record.get("fallback_used").asBoolean()).isFalse();
            assertThat(record.get("latency_ms").asLong()).isBetween(800L, 5_900L);
            assertThat(record.get("attempts")).hasSize(2);
            assertThat(record.get("attempts").get(0).get("provider").asText())
                    .isEqualTo("bills-on");
            assertThat(record.get("attempts").get(0).get("outcome").asText())
                    .isEqualTo("hedge_lost");
            assertThat(record.get("attempts").get(1).get("outcome").asText()).isEqualTo("ok");
            charged += Standalone.nanos(record);
        }
        assertThat(charged).isEqualTo(billsOn.totalNanos() + spare.totalNanos() - billed);
    }

    @Test
    void aStreamThatLosesIsCutWhereThatStopsTheBillAndNeverChargedTooLittle() throws Exception {
        prime("cut", PRIMING);
        int before = gateway.records().size();
        long billed = stops.totalNanos();
        long paid = spare.totalNanos();
        stops.script(LATE);
        long started = System.nanoTime();
        try (var openai = new OpenAiSdk(gateway.url(), Standalone.KEY)) {
            assertThat(openai.stream("cut").text()).contains("gate");
        }
        var record = records(before, 1).getFirst();
        assertThat(Duration.ofNanos(System.nanoTime() - started))
                .isLessThan(Duration.ofMillis(5_900));
        var lost = record.get("attempts").get(0);
        assertThat(lost.get("outcome").asText()).isEqualTo("hedge_lost");
        await().until(() -> stops.calls().size() == PRIMING + 1);
        assertThat(Standalone.nanos(lost.get("cost_usd").asText()))
                .isGreaterThanOrEqualTo(stops.totalNanos() - billed);
        assertThat(Standalone.nanos(record.get("attempts").get(1).get("cost_usd").asText()))
                .isEqualTo(spare.totalNanos() - paid);
        assertThat(gateway.metric("tollgate_hedges_total", "cut", "result=\"won\""))
                .isGreaterThanOrEqualTo(1);
    }
}
