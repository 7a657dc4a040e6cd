package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Hard Budget that holds long streams in steps, on a standalone gateway: requests whose worst
 * case is more than all of it are served, and end as ones that reached their output limit when the
 * money is gone, in every dialect; and the providers' bills stay below it.
 */
class SteppedHoldE2E {

    private static final List<String> CHATTING = List.of("chat-0", "chat-1", "chat-2", "chat-3");
    private static final List<String> CLAUDES = List.of("msg-0", "msg-1", "msg-2", "msg-3");

    /** Slow enough that an end by the gateway comes before its own. */
    private static String script(List<String> models) {
        var prices = new StringBuilder("billingStops: true\nprices:\n");
        for (var model : models) {
            prices.append("  %s: {inputPer1M: '0.15', outputPer1M: '0.60'}\n".formatted(model));
        }
        return prices + "default: {outputTokens: 3000, chunks: 300, gapMs: 10, inputTokens: 30}\n";
    }

    /** Of models that think nothing that they do not show. */
    private static String provider(String name, String type, String url, List<String> models) {
        var text = Resources.provider("team-a", name, type, url, models);
        return text.replace("contextTokens:", "capabilities: [Chat, Streaming], contextTokens:");
    }

    private static String stepped(String model) {
        return """
               ---
               apiVersion: tollgate.dev/v1alpha1
               kind: Budget
               metadata: {name: %s, namespace: team-a}
               spec:
                 amount: "%s"
                 period: {type: Lifetime}
                 models: [%s]
                 enforcement: {hold: Stepped}
               """
                .formatted(model, AMOUNT, model);
    }

    /** The whole bound of one request is 0.0026: 4,096 tokens. */
    private static final String AMOUNT = "0.0024";

    @TempDir Path folder;

    private static final String CHAT =
            """
            {"model":"%s","stream":true,"max_tokens":4000,"messages":[{"role":"user","content":"Hi"}]}""";

    private record Asked(String path, String body, String end) {}

    private static List<Asked> inEveryDialect(String model) {
        return List.of(
                new Asked(
                        "/v1/chat/completions",
                        CHAT.formatted(model),
                        "\"finish_reason\":\"length\""),
                new Asked("/v1/messages", CHAT.formatted(model), "\"stop_reason\":\"max_tokens\""),
                new Asked(
                        "/v1/responses",
                        "{\"model\":\"%s\",\"stream\":true,\"max_output_tokens\":4000,\"input\":\"Hi\"}"
                                .formatted(model),
                        "\"reason\":\"max_output_tokens\""),
                new Asked(
                        "/v1beta/models/%s:streamGenerateContent?alt=sse".formatted(model),
                        "{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}],\"generationConfig\":{\"maxOutputTokens\":4000}}",
                        "\"finishReason\":\"MAX_TOKENS\""));
    }

    @Test
    void servesWhatTheWholeBoundWouldNotLetInAndEndsItInTheClientsDialect() throws Exception {
        try (var openai = SimulatedProvider.start("openai", script(CHATTING), folder);
                var anthropic = SimulatedProvider.start("anthropic", script(CLAUDES), folder)) {
            var resources =
                    new StringBuilder(Resources.namespace("team-a"))
                            .append(Resources.secret("team-a", "keys", "sk-simulated"))
                            .append(Resources.clientKey("team-a", Standalone.KEY))
                            .append(provider("o", "OpenAI", openai.url() + "/v1", CHATTING))
                            .append(provider("a", "Anthropic", anthropic.url(), CLAUDES));
            CHATTING.forEach(model -> resources.append(stepped(model)));
            CLAUDES.forEach(model -> resources.append(stepped(model)));
            try (var gateway = Standalone.serve(folder, resources.toString())) {
                for (int i = 0; i < CHATTING.size(); i++) {
                    endsAtTheLimit(gateway, openai, CHATTING.get(i), i);
                    endsAtTheLimit(gateway, anthropic, CLAUDES.get(i), i);
                }
            }
        }
    }

    private static void endsAtTheLimit(
            Standalone gateway, SimulatedProvider referee, String model, int dialect)
            throws Exception {
        int before = gateway.records().size();
        var asked = inEveryDialect(model).get(dialect);
        var answer = gateway.post(asked.path(), asked.body());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body())
                .as(asked.path())
                .contains(asked.end())
                .doesNotContain("error\":{");
        await().until(() -> gateway.records().size() == before + 1);
        var record = gateway.records().getLast();
        assertThat(record.get("attempts").get(0).get("outcome").asText()).isEqualTo("budget_ended");
        assertThat(record.get("cost_assumed").asBoolean()).isTrue();
        var calls = referee.calls(model);
        assertThat(calls).hasSize(1);
        assertThat(Standalone.nanos(record))
                .isBetween(calls.getFirst().get("nanos").longValue(), Standalone.nanos(AMOUNT));
    }
}
