package dev.tollgate.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.simulator.bill.BilledCall.Outcome;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Script;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every fault that a script can order arrives at the client as that fault. */
class FaultsTest {
    @RegisterExtension static final RunningSimulators SIMULATORS = new RunningSimulators();

    private static RawExchange stream(Dialect dialect, String script) throws IOException {
        return stream(SIMULATORS.start(dialect, script), dialect);
    }

    private static RawExchange stream(Simulator simulator, Dialect dialect) throws IOException {
        return RawExchange.of(simulator, Bodies.path(dialect, true), Bodies.ask(dialect, true));
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, 429, rate_limit_exceeded",
        "OPENAI, 500, server_error",
        "OPENAI, 529, service_unavailable",
        "OPENAI, 400, invalid_request_error",
        "OPENAI, 401, invalid_api_key",
        "OPENAI, 404, invalid_request_error",
        "ANTHROPIC, 429, rate_limit_error",
        "ANTHROPIC, 500, api_error",
        "ANTHROPIC, 529, overloaded_error",
        "ANTHROPIC, 401, authentication_error",
        "GEMINI, 429, RESOURCE_EXHAUSTED",
        "GEMINI, 500, INTERNAL",
        "GEMINI, 503, UNAVAILABLE",
        "GEMINI, 404, NOT_FOUND"
    })
    void answersWithTheScriptedStatus(Dialect dialect, int status, String word) throws Exception {
        var script = "default: {error: {status: %d, retryAfter: '3'}}".formatted(status);
        var simulator = SIMULATORS.start(dialect, script);
        for (var streams : new boolean[] {false, true}) {
            var response =
                    SIMULATORS.post(
                            simulator, Bodies.path(dialect, streams), Bodies.ask(dialect, streams));
            assertThat(response.statusCode()).isEqualTo(status);
            assertThat(response.body()).contains(word);
            assertThat(response.headers().firstValue("retry-after")).hasValue("3");
        }
        assertThat(simulator.bill().entries().getFirst().refused()).isEqualTo(2);
        assertThat(simulator.bill().requests()).isZero();
    }

    @Test
    void answersWithARawBody() throws Exception {
        var simulator =
                SIMULATORS.start(
                        Dialect.OPENAI,
                        "default: {error: {status: 502, body: '<html>', contentType: text/html}}");
        var response =
                SIMULATORS.post(
                        simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, false));
        assertThat(response.body()).isEqualTo("<html>");
        assertThat(response.headers().firstValue("content-type")).hasValue("text/html");
    }

    @Test
    void hangsBeforeHeadersUntilTheClientLeaves() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "default: {hang: {at: beforeHeaders}}");
        var request =
                SIMULATORS
                        .request(simulator, "/v1/chat/completions")
                        .timeout(Duration.ofSeconds(2))
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        Bodies.ask(Dialect.OPENAI, false)));
        assertThatThrownBy(() -> SIMULATORS.send(request)).isInstanceOf(HttpTimeoutException.class);
        await().atMost(Duration.ofSeconds(60)).until(() -> simulator.calls().size() == 1);
        assertThat(simulator.calls().getFirst().outcome()).isEqualTo(Outcome.CANCELLED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void hangsAfterHeaders(boolean streams) throws Exception {
        var simulator =
                SIMULATORS.start(
                        Dialect.ANTHROPIC, "default: {hang: {at: afterHeaders, forMs: 2000}}");
        var request =
                SIMULATORS
                        .request(simulator, "/v1/messages")
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        Bodies.ask(Dialect.ANTHROPIC, streams)));
        var response = SIMULATORS.client().send(request.build(), BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(simulator.calls()).isEmpty();
        assertThatThrownBy(() -> response.body().readAllBytes()).isInstanceOf(IOException.class);
        assertThat(simulator.calls().getFirst().outcome()).isEqualTo(Outcome.BROKEN);
    }

    @Test
    void hangsAfterSomeChunks() throws Exception {
        var raw =
                stream(
                        Dialect.OPENAI,
                        "default: {chunks: 9, hang: {at: afterChunks, chunks: 2, forMs: 100}}");
        assertThat(Bodies.events(raw.text())).hasSize(3);
        assertThat(raw.endedProperly()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"fin, FIN", "rst, RST"})
    void cutsAStreamAfterSomeChunks(String how, RawExchange.End end) throws Exception {
        var simulator =
                SIMULATORS.start(
                        Dialect.OPENAI,
                        "default: {chunks: 9, cut: {at: afterChunks, chunks: 4, how: %s}}"
                                .formatted(how));
        var raw = stream(simulator, Dialect.OPENAI);
        assertThat(raw.end()).isEqualTo(end);
        assertThat(raw.endedProperly()).isFalse();
        assertThat(Bodies.events(raw.text())).hasSize(5);
        assertThat(simulator.calls().getFirst().outcome()).isEqualTo(Outcome.BROKEN);
    }

    @ParameterizedTest
    @CsvSource({
        "beforeHeaders, fin, FIN",
        "beforeHeaders, rst, RST",
        "afterHeaders, fin, FIN",
        "afterHeaders, rst, RST"
    })
    void cutsBeforeTheFirstByteOfTheBody(String at, String how, RawExchange.End end)
            throws Exception {
        var simulator =
                SIMULATORS.start(
                        Dialect.OPENAI, "default: {cut: {at: %s, how: %s}}".formatted(at, how));
        for (var streams : new boolean[] {false, true}) {
            var raw =
                    RawExchange.of(
                            simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, streams));
            assertThat(raw.end()).isEqualTo(end);
            assertThat(raw.body()).isEmpty();
            assertThat(raw.head().isEmpty()).isEqualTo(at.equals("beforeHeaders"));
        }
    }

    @Test
    void cutsAPlainAnswerInTheMiddle() throws Exception {
        var simulator = SIMULATORS.start(Dialect.GEMINI, "default: {cut: {at: afterChunks}}");
        var raw =
                RawExchange.of(
                        simulator,
                        Bodies.path(Dialect.GEMINI, false),
                        Bodies.ask(Dialect.GEMINI, false));
        assertThat(raw.body()).isNotEmpty();
        assertThat(raw.head()).contains("content-length: ");
        assertThat(new String(raw.body(), StandardCharsets.UTF_8))
                .startsWith("{")
                .doesNotEndWith("}");
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void splitsCharactersOverChunks(Dialect dialect) throws Exception {
        var raw = stream(dialect, "default: {text: 東京🚦, sse: {splitUtf8: true}}");
        assertThat(raw.text()).contains("東").contains("🚦");
        assertThat(raw.chunks()).anyMatch(chunk -> !isUtf8(chunk));
        assertThat(raw.endedProperly()).isTrue();
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException split) {
            return false;
        }
    }

    @Test
    void endsLinesAsTold() throws Exception {
        assertThat(stream(Dialect.OPENAI, "default: {sse: {lineEnding: crlf}}").text())
                .endsWith("data: [DONE]\r\n\r\n");
        assertThat(stream(Dialect.OPENAI, "default: {sse: {lineEnding: cr}}").text())
                .endsWith("data: [DONE]\r\r")
                .doesNotContain("\n");
        assertThat(stream(Dialect.ANTHROPIC, "default: {sse: {lineEnding: mixed}}").text())
                .contains("message_start\ndata: ")
                .contains("}\r\r\nevent: ping\n");
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, [DONE], \"finish_reason\":\"stop\"",
        "ANTHROPIC, message_stop, message_delta",
        "GEMINI, , \"finishReason\":\"STOP\""
    })
    void leavesOutTheEnd(Dialect dialect, String terminal, String finish) throws Exception {
        var unterminated = stream(dialect, "default: {sse: {omitTerminal: true}}").text();
        assertThat(unterminated).contains(finish);
        if (terminal != null) {
            assertThat(unterminated).doesNotContain(terminal);
        }
        var unfinished = stream(dialect, "default: {sse: {omitFinish: true}}");
        assertThat(unfinished.text()).doesNotContain(finish);
        assertThat(unfinished.endedProperly()).isTrue();
    }

    @Test
    void injectsWhatDoesNotBelong() throws Exception {
        var raw =
                stream(
                        Dialect.OPENAI,
                        """
                        default:
                          chunks: 3
                          sse:
                            inject:
                              - {afterChunks: 9, kind: comment}
                              - {afterChunks: 0, kind: garbage}
                              - {afterChunks: 1, kind: badJson}
                              - {afterChunks: 1, kind: nul}
                              - {afterChunks: 2, raw: "event: x\\ndata: {}\\n\\n"}
                        """);
        assertThat(raw.text())
                .containsSubsequence(
                        "assistant",
                        "garbage without a colon\n",
                        "Every ",
                        "data: {\"choices\":[{\n\n",
                        "\u0000",
                        "token ",
                        "event: x\ndata: {}\n\n",
                        "that ",
                        ": keep-alive",
                        "[DONE]");
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void sendsALineOfTenMebibytes(Dialect dialect) throws Exception {
        var raw = stream(dialect, "default: {sse: {inject: [{afterChunks: 1, kind: hugeLine}]}}");
        var longest = Arrays.stream(raw.text().split("\r?\n")).mapToInt(String::length).max();
        assertThat(longest.orElseThrow()).isGreaterThan(10 << 20);
        assertThat(Bodies.events(raw.text())).hasSizeGreaterThan(24);
        assertThat(raw.endedProperly()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, '/error/code', service_unavailable",
        "ANTHROPIC, '/error/type', overloaded_error",
        "GEMINI, '/error/status', UNAVAILABLE"
    })
    void failsInsideAStream(Dialect dialect, String pointer, String word) throws Exception {
        var raw = stream(dialect, "default: {chunks: 9, error: {status: 529, afterChunks: 3}}");
        assertThat(raw.head()).startsWith("HTTP/1.1 200");
        assertThat(Bodies.events(raw.text()).getLast().at(pointer).asText()).isEqualTo(word);
        assertThat(raw.endedProperly()).isTrue();
    }

    private static JsonNode usage(Dialect dialect, JsonNode body) {
        return body.path(dialect == Dialect.GEMINI ? "usageMetadata" : "usage");
    }

    private static JsonNode plainUsage(Simulator simulator, Dialect dialect) throws Exception {
        var response =
                SIMULATORS.post(simulator, Bodies.path(dialect, false), Bodies.ask(dialect, false));
        return usage(dialect, Bodies.json(response.body()));
    }

    private static long input(JsonNode usage) {
        return usage.path("prompt_tokens").asLong()
                + usage.path("input_tokens").asLong()
                + usage.path("promptTokenCount").asLong();
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void liesAboutUsageButBillsTheTruth(Dialect dialect) throws Exception {
        var script = "default: {text: hi, inputTokens: 40, outputTokens: 8, usage: {%s}}";
        var simulator = SIMULATORS.start(dialect, script.formatted("kind: omit"));
        assertThat(plainUsage(simulator, dialect).isMissingNode()).isTrue();
        assertThat(stream(simulator, dialect).text()).doesNotContain("oken");
        simulator.script(parse(script.formatted("kind: negative")));
        assertThat(input(plainUsage(simulator, dialect))).isEqualTo(-40);
        simulator.script(parse(script.formatted("kind: wrong, input: 9000000000000000000")));
        assertThat(input(plainUsage(simulator, dialect))).isEqualTo(9_000_000_000_000_000_000L);
        assertThat(simulator.calls()).allMatch(c -> c.tokens().input() == 40 && !c.reported());
        assertThat(simulator.bill().entries().getFirst().tokens().output()).isEqualTo(32);
    }

    private static Script parse(String text) {
        return Script.parse(text);
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, '\"usage\":{'",
        "ANTHROPIC, '\"type\":\"message_delta\"'",
        "GEMINI, '\"finishReason\"'"
    })
    void saysUsageTwice(Dialect dialect, String mark) throws Exception {
        var simulator = SIMULATORS.start(dialect, "default: {usage: {kind: twice}}");
        assertThat(stream(simulator, dialect).text().split(Pattern.quote(mark))).hasSize(3);
        var plain =
                SIMULATORS.post(simulator, Bodies.path(dialect, false), Bodies.ask(dialect, false));
        assertThat(plain.body().split("\"usage(Metadata)?\":\\{")).hasSize(3);
        assertThat(simulator.bill().requests()).isEqualTo(2);
    }
}
