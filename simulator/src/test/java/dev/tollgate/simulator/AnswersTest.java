package dev.tollgate.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.simulator.script.Dialect;
import java.net.http.HttpClient;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What the SDKs do not show of good answers: usage placement, chunk counts, limits. */
class AnswersTest {
    @RegisterExtension static final RunningSimulators SIMULATORS = new RunningSimulators();

    @Test
    void openAiStreamHasNoUsageUnlessAskedFor() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        var body = "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\"}]}";
        var stream = SIMULATORS.post(simulator, "/v1/chat/completions", body).body();
        assertThat(stream).doesNotContain("usage").endsWith("data: [DONE]\n\n");
    }

    @Test
    void openAiStreamHasUsageOnceInAChunkWithoutChoices() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        var stream =
                SIMULATORS
                        .post(simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, true))
                        .body();
        var events = Bodies.events(stream);
        var last = events.removeLast();
        assertThat(last.path("choices").isEmpty()).isTrue();
        assertThat(last.path("usage").path("completion_tokens").asInt()).isEqualTo(24);
        assertThat(events).allMatch(e -> e.path("usage").isNull() && e.path("choices").size() == 1);
    }

    @Test
    void geminiStreamsAJsonArrayUnlessSseIsAskedFor() throws Exception {
        var simulator = SIMULATORS.start(Dialect.GEMINI, "default: {text: 'a 東京 b', chunks: 3}");
        var response =
                SIMULATORS.post(
                        simulator,
                        "/v1beta/models/m-1:streamGenerateContent",
                        Bodies.ask(Dialect.GEMINI, true));
        var array = Bodies.json(response.body());
        assertThat(array.isArray()).isTrue();
        var text =
                StreamSupport.stream(array.spliterator(), false)
                        .map(e -> e.at("/candidates/0/content/parts/0/text").asText())
                        .collect(Collectors.joining());
        assertThat(text).isEqualTo("a 東京 b");
        assertThat(array).hasSize(4);
    }

    @Test
    void geminiStreamsWithCrlfAndCumulativeUsage() throws Exception {
        var simulator =
                SIMULATORS.start(
                        Dialect.GEMINI,
                        "default: {chunks: 4, outputTokens: 9, reasoningTokens: 1}");
        var stream =
                SIMULATORS
                        .post(
                                simulator,
                                Bodies.path(Dialect.GEMINI, true),
                                Bodies.ask(Dialect.GEMINI, true))
                        .body();
        assertThat(stream).contains("}\r\n\r\n");
        assertThat(Bodies.events(stream))
                .extracting(e -> e.at("/usageMetadata/candidatesTokenCount").asInt())
                .containsExactly(2, 4, 6, 8, 8);
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, false, \"finish_reason\":\"length\"",
        "OPENAI, true, \"finish_reason\":\"length\"",
        "ANTHROPIC, false, \"stop_reason\":\"max_tokens\"",
        "ANTHROPIC, true, \"stop_reason\":\"max_tokens\"",
        "GEMINI, false, \"finishReason\":\"MAX_TOKENS\"",
        "GEMINI, true, \"finishReason\":\"MAX_TOKENS\""
    })
    void neverSaysMoreThanTheCallersMaximum(Dialect dialect, boolean stream, String reason)
            throws Exception {
        var simulator =
                SIMULATORS.start(
                        dialect, "default: {outputTokens: 100, chunks: 10, reasoningTokens: 2}");
        var response =
                SIMULATORS.post(
                        simulator, Bodies.path(dialect, stream), Bodies.ask(dialect, stream, 7));
        assertThat(response.body()).contains(reason);
        var tokens = simulator.calls().getFirst().tokens();
        assertThat(tokens.output()).isEqualTo(7);
        assertThat(tokens.reasoning()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void sendsAsManyChunksAsTold(Dialect dialect) throws Exception {
        var simulator = SIMULATORS.start(dialect, "default: {chunks: 37}");
        var stream =
                SIMULATORS
                        .post(simulator, Bodies.path(dialect, true), Bodies.ask(dialect, true))
                        .body();
        var texts =
                Bodies.events(stream).stream()
                        .map(
                                e ->
                                        e.at("/choices/0/delta/content").asText()
                                                + e.at("/delta/text").asText()
                                                + e.at("/candidates/0/content/parts/0/text")
                                                        .asText())
                        .filter(text -> !text.isEmpty())
                        .toList();
        assertThat(texts).hasSize(37);
        assertThat(simulator.calls().getFirst().tokens().output()).isEqualTo(37);
        var plain =
                SIMULATORS.post(simulator, Bodies.path(dialect, false), Bodies.ask(dialect, false));
        var node = Bodies.json(plain.body());
        var whole =
                node.at("/choices/0/message/content").asText()
                        + node.at("/content/0/text").asText()
                        + node.at("/candidates/0/content/parts/0/text").asText();
        assertThat(whole).isEqualTo(String.join("", texts));
    }

    @Test
    void saysStructuredOutputAsJson() throws Exception {
        var simulator =
                SIMULATORS.start(Dialect.OPENAI, "default: {structured: {answer: 42, ok: true}}");
        var response =
                SIMULATORS.post(
                        simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, false));
        assertThat(Bodies.json(response.body()).at("/choices/0/message/content").asText())
                .isEqualTo("{\"answer\":42,\"ok\":true}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    OPENAI    | "tool_choice":{"type":"function","function":{"name":"f"}} | /choices/0/message/tool_calls/0/function/name
                    ANTHROPIC | "tool_choice":{"type":"tool","name":"f"}                  | /content/0/name
                    GEMINI    | "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}} | /candidates/0/content/parts/0/functionCall/name
                    """)
    void saysStructuredOutputInTheToolThatIsForced(Dialect dialect, String forced, String name)
            throws Exception {
        var simulator = SIMULATORS.start(dialect, "default: {structured: {answer: 42}}");
        var ask = Bodies.ask(dialect, false).replaceFirst("\\{", "{" + forced + ",");
        var body = SIMULATORS.post(simulator, Bodies.path(dialect, false), ask).body();
        assertThat(Bodies.json(body).at(name).asText()).isEqualTo("f");
        assertThat(body.replace("\\", "")).containsOnlyOnce("{\"answer\":42}");
    }

    @Test
    void waitsBeforeTheFirstByteAndBetweenChunks() throws Exception {
        var simulator =
                SIMULATORS.start(Dialect.OPENAI, "default: {chunks: 4, latencyMs: 60, gapMs: 20}");
        var began = System.nanoTime();
        SIMULATORS.post(simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, true));
        assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(115_000_000L);
    }

    @Test
    void keepsTheConnectionForTheNextRequest() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        var response =
                SIMULATORS.post(
                        simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, true));
        assertThat(response.headers().firstValue("connection")).isEmpty();
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    }
}
