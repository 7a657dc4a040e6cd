package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code selection.type: Cascade} on a standalone gateway, as the official SDKs see it. */
class CascadeE2E {

    private static final String REFUSAL =
            Resources.PRICES + "default: {text: 'I am sorry, but I cannot help with that.'}\n";
    private static final String GOOD =
            Resources.PRICES + "default: {text: 'A gate where one pays.', inputTokens: 30}\n";

    @TempDir static Path folder;
    static SimulatedProvider cheap;
    static SimulatedProvider dear;
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        cheap = SimulatedProvider.start("openai", REFUSAL, folder);
        dear = SimulatedProvider.start("anthropic", GOOD, folder);
        gateway =
                Standalone.serve(
                        folder,
                        Resources.namespace("team-a")
                                + Resources.secret("team-a", "keys", "sk-simulated")
                                + Resources.clientKey("team-a", Standalone.KEY)
                                + Resources.budget("team-a", "ample", "100.00")
                                + Resources.provider(
                                        "team-a",
                                        "cheap",
                                        "OpenAI",
                                        cheap.url() + "/v1",
                                        List.of("gpt-4o-mini"))
                                + Resources.provider(
                                        "team-a",
                                        "dear",
                                        "Anthropic",
                                        dear.url(),
                                        List.of("claude-haiku-4-5"))
                                + Resources.route(
                                                "team-a",
                                                "steps",
                                                "cheap/gpt-4o-mini",
                                                "dear/claude-haiku-4-5")
                                        .replace(
                                                "    targets:",
                                                "    selection: {type: Cascade}\n    targets:"));
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        cheap.close();
        dear.close();
    }

    private static Sdk sdk(String client) throws Exception {
        return switch (client) {
            case "openai" -> new OpenAiSdk(gateway.url(), Standalone.KEY);
            case "anthropic" -> new AnthropicSdk(gateway.url(), Standalone.KEY);
            case "gemini" -> new GeminiSdk(gateway.url(), Standalone.KEY);
            default -> throw new IllegalArgumentException(client);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai", "anthropic", "gemini"})
    void everySdkGetsTheBetterAnswerAndBothStepsArePaid(String client) throws Exception {
        int records = gateway.records().size();
        long billed = cheap.totalNanos() + dear.totalNanos();
        try (var sdk = sdk(client)) {
            assertThat(sdk.plain("steps").text()).contains("gate").doesNotContain("sorry");
            assertThat(sdk.stream("steps").text()).contains("gate").doesNotContain("sorry");
        }
        await().until(() -> gateway.records().size() == records + 2);
        long charged = 0;
        for (var record : gateway.records().subList(records, records + 2)) {
            assertThat(record.get("strategy").asText()).isEqualTo("cascade");
            assertThat(record.get("provider_chosen").asText()).isEqualTo("dear");
            assertThat(record.get("attempts")).hasSize(2);
            assertThat(record.get("attempts").get(0).get("outcome").asText())
                    .isEqualTo("stepped_up");
            assertThat(record.get("attempts").get(1).get("outcome").asText()).isEqualTo("ok");
            charged += Standalone.nanos(record);
        }
        assertThat(charged).isEqualTo(cheap.totalNanos() + dear.totalNanos() - billed);
    }

    @Test
    void thePoorAnswerServesWhenTheBetterTargetFails() throws Exception {
        dear.fail(503);
        try {
            var answer = gateway.chat("steps");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("sorry");
            assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("cheap");
        } finally {
            dear.script(GOOD);
        }
    }
}
