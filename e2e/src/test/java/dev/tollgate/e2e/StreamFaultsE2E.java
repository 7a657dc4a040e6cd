package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Providers that break, hang, babble and refuse, and clients that leave: what each client sees on
 * the wire, what the record says, and that no bill is above its record. Each fault is a model of
 * its own, so that no circuit of one test is another's.
 */
class StreamFaultsE2E {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String TEXT = "Grüezi 東京 🚦 and some more words to say";

    private static final String MUTE = "-mute";
    private static final String SILENT = "-silent";
    private static final String CIRCUIT = "-circuit";

    /** Model name to what its provider does. */
    private static final Map<String, String> FAULTS =
            Map.ofEntries(
                    Map.entry("cut-fin", "cut: {at: afterChunks, chunks: 4}"),
                    Map.entry("cut-rst", "cut: {at: afterChunks, chunks: 4, how: rst}"),
                    Map.entry("late-error", "error: {status: 500, afterChunks: 4}"),
                    Map.entry("silent", "hang: {at: afterChunks, chunks: 4}"),
                    Map.entry("no-end", "sse: {omitTerminal: true, omitFinish: true}"),
                    Map.entry(
                            "odd",
                            "sse: {lineEnding: mixed, splitUtf8: true, inject: [{afterChunks: 1, kind: comment}, {afterChunks: 2, kind: garbage}]}"),
                    Map.entry("bad-json", "sse: {inject: [{afterChunks: 2, kind: badJson}]}"),
                    Map.entry("nul", "sse: {inject: [{afterChunks: 2, kind: nul}]}"),
                    Map.entry(
                            "huge",
                            "sse: {inject: [{afterChunks: 2, kind: hugeLine, bytes: 10485760}]}"),
                    Map.entry("mute-head", "hang: {at: beforeHeaders}"),
                    Map.entry("mute-body", "hang: {at: afterHeaders}"),
                    Map.entry("down", "error: {status: 500}"),
                    Map.entry("slow", "gapMs: 50, chunks: 40"));

    enum Shape {
        OPENAI("OpenAI", "/v1"),
        ANTHROPIC("Anthropic", ""),
        GEMINI("Gemini", "/v1beta");

        private final String type;
        private final String path;

        Shape(String type, String path) {
            this.type = type;
            this.path = path;
        }

        String dialect() {
            return name().toLowerCase(Locale.ROOT);
        }

        String path(String model) {
            return switch (this) {
                case OPENAI -> "/v1/chat/completions";
                case ANTHROPIC -> "/v1/messages";
                case GEMINI -> "/v1beta/models/" + model + ":streamGenerateContent?alt=sse";
            };
        }

        String body(String model) {
            return switch (this) {
                case OPENAI ->
                        "{\"model\":\"%s\",\"stream\":true,\"max_completion_tokens\":200,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
                                .formatted(model);
                case ANTHROPIC ->
                        "{\"model\":\"%s\",\"stream\":true,\"max_tokens\":200,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
                                .formatted(model);
                case GEMINI ->
                        "{\"generationConfig\":{\"maxOutputTokens\":200},\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}";
            };
        }

        /**
         * The most that a request of these tests can cost: 1,000 tokens in, and 200 out. Gemini
         * does not count thoughts against the limit of the request, only against the model's.
         */
        long holdNanos() {
            long output = this == GEMINI ? 4_096 : 200;
            return output * 600 + 1_000 * 150;
        }

        /** The model's name at this dialect's provider. */
        String model(String fault) {
            return dialect() + "-" + fault;
        }
    }

    @TempDir static Path folder;
    static final Map<Shape, SimulatedProvider> PROVIDERS = new EnumMap<>(Shape.class);
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        var resources = new StringBuilder();
        resources.append(Resources.namespace("team-a"));
        resources.append(Resources.secret("team-a", "keys", "sk-simulated"));
        resources.append(Resources.clientKey("team-a", Standalone.KEY));
        for (var shape : Shape.values()) {
            var provider = SimulatedProvider.start(shape.dialect(), script(shape), folder);
            PROVIDERS.put(shape, provider);
            var address = provider.url() + shape.path;
            for (var group : groups().entrySet()) {
                resources.append(
                        Resources.provider(
                                "team-a",
                                shape.dialect() + group.getKey(),
                                shape.type,
                                address,
                                group.getValue().stream().map(shape::model).toList(),
                                timeouts(group.getKey()),
                                breaker(group.getKey())));
            }
            var spare = shape.model("spare");
            resources.append(
                    Resources.provider(
                            "team-a",
                            shape.dialect() + "-spare",
                            shape.type,
                            address,
                            List.of(spare)));
            for (var fault :
                    List.of("mute-head", "mute-body", "down", "limited", "overloaded", "circuit")) {
                resources.append(
                        Resources.route(
                                "team-a",
                                "safe-" + shape.model(fault),
                                shape.dialect() + group(fault) + "/" + shape.model(fault),
                                shape.dialect() + "-spare/" + spare));
            }
        }
        gateway = Standalone.serve(folder, resources.toString());
    }

    /** Models by the end of their provider's name. */
    private static Map<String, List<String>> groups() {
        return Stream.concat(
                        FAULTS.keySet().stream(), Stream.of("limited", "overloaded", "circuit"))
                .collect(Collectors.groupingBy(StreamFaultsE2E::group));
    }

    /** Only who is silent on purpose is waited for briefly. */
    private static String group(String fault) {
        return switch (fault) {
            case "mute-head", "mute-body" -> MUTE;
            case "silent" -> SILENT;
            case "circuit" -> CIRCUIT;
            default -> "";
        };
    }

    private static String timeouts(String group) {
        return "timeouts: {firstByte: %s, streamIdle: %s}"
                .formatted(
                        group.equals(MUTE) ? "1s" : "20s",
                        group.equals(MUTE) || group.equals(SILENT) ? "1s" : "20s");
    }

    private static String breaker(String group) {
        return "breaker: {consecutiveFailures: 3, openFor: %s}"
                .formatted(group.equals(CIRCUIT) ? "4s" : "1s");
    }

    private static String script(Shape shape) {
        var text = new StringBuilder("billingStops: true\nprices:\n");
        var rules = new StringBuilder("rules:\n");
        FAULTS.forEach(
                (fault, told) -> {
                    text.append(price(shape.model(fault)));
                    rules.append(
                            "  - {when: {model: %s}, do: {%s}}\n"
                                    .formatted(shape.model(fault), told));
                });
        for (var model : List.of("limited", "overloaded", "circuit", "spare")) {
            text.append(price(shape.model(model)));
        }
        rules.append(
                "  - {when: {model: %s}, times: 1, do: {error: {status: 429, retryAfter: \"3\"}}}\n"
                        .formatted(shape.model("limited")));
        rules.append(
                "  - {when: {model: %s}, times: 1, do: {error: {kind: overloaded}}}\n"
                        .formatted(shape.model("overloaded")));
        rules.append(
                "  - {when: {model: %s}, times: 3, do: {error: {status: 500}}}\n"
                        .formatted(shape.model("circuit")));
        return text + "default: {text: '" + TEXT + "', inputTokens: 20, chunks: 10}\n" + rules;
    }

    private static String price(String model) {
        return "  %s: {inputPer1M: \"0.15\", cachedInputPer1M: \"0.075\", outputPer1M: \"0.60\"}\n"
                .formatted(model);
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        for (var provider : PROVIDERS.values()) {
            provider.close();
        }
    }

    /** One request over a bare socket, read to whatever end it has. */
    private record Seen(String head, Raw.Body body, JsonNode record) {

        static Seen of(Shape shape, String model) throws Exception {
            try (var raw = send(shape, model)) {
                var head = raw.readHead();
                var body =
                        head.contains("transfer-encoding: chunked")
                                ? raw.readChunks()
                                : new Raw.Body(raw.readBody(head), true);
                return new Seen(head, body, gateway.record(requestId(head)));
            }
        }

        int status() {
            return Raw.status(head);
        }

        /** The data of the stream's events. */
        List<String> data() {
            return body.text()
                    .lines()
                    .filter(line -> line.startsWith("data:"))
                    .map(line -> line.substring("data:".length()).strip())
                    .toList();
        }

        String outcome() {
            return record.get("outcome").asText();
        }

        List<String> attempts() {
            var words = new ArrayList<String>();
            record.get("attempts").forEach(attempt -> words.add(attempt.get("outcome").asText()));
            return words;
        }
    }

    private static Raw send(Shape shape, String model) throws Exception {
        return Raw.post(gateway.process().port(), shape.path(model), shape.body(model));
    }

    private static String requestId(String head) {
        var at = head.indexOf("x-tollgate-request-id: ");
        assertThat(at).as("a request id in " + head).isPositive();
        return head.substring(at + 23, head.indexOf("\r\n", at)).strip();
    }

    private static void assertEndsWithAnError(Shape shape, Seen seen) throws Exception {
        assertThat(seen.status()).isEqualTo(200);
        assertThat(seen.body().whole()).as("a clean end of a stream that failed").isFalse();
        var last = JSON.readTree(seen.data().getLast());
        assertThat(last.get("error").get("message").asText()).isNotBlank();
        switch (shape) {
            case OPENAI -> {
                assertThat(last.get("error").get("type").asText()).isNotBlank();
                assertThat(seen.body().text()).doesNotContain("[DONE]");
            }
            case ANTHROPIC -> {
                assertThat(seen.body().text()).contains("event: error");
                assertThat(last.get("type").asText()).isEqualTo("error");
                assertThat(seen.body().text()).doesNotContain("message_stop");
            }
            case GEMINI -> assertThat(last.get("error").get("code").asInt()).isPositive();
        }
        assertThat(seen.outcome()).isNotEqualTo("ok");
        assertThat(seen.record().get("stream").asBoolean()).isTrue();
    }

    /** The record is never below the bill, and never above what was held. */
    private static void assertCharged(Shape shape, String fault, Seen seen) throws Exception {
        var call = PROVIDERS.get(shape).calls(shape.model(fault)).getLast();
        assertThat(Standalone.nanos(seen.record()))
                .isBetween(call.get("nanos").asLong(), shape.holdNanos());
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, cut-fin", "OPENAI, cut-rst", "OPENAI, late-error", "OPENAI, silent",
                "OPENAI, no-end",
        "ANTHROPIC, cut-fin", "ANTHROPIC, cut-rst", "ANTHROPIC, late-error", "ANTHROPIC, silent",
                "ANTHROPIC, no-end",
        "GEMINI, cut-fin", "GEMINI, cut-rst", "GEMINI, late-error", "GEMINI, silent",
                "GEMINI, no-end"
    })
    void endsABrokenStreamWithAnErrorEventAndAReset(Shape shape, String fault) throws Exception {
        var seen = Seen.of(shape, shape.model(fault));
        assertEndsWithAnError(shape, seen);
        assertThat(seen.body().text()).as("what came before the fault").contains("Gr");
        assertCharged(shape, fault, seen);
        assertThat(seen.attempts()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void passesOddButValidStreamsWhole(Shape shape) throws Exception {
        var seen = Seen.of(shape, shape.model("odd"));
        assertThat(seen.status()).isEqualTo(200);
        assertThat(seen.body().whole()).isTrue();
        assertThat(seen.outcome()).isEqualTo("ok");
        var call = PROVIDERS.get(shape).calls(shape.model("odd")).getLast();
        assertThat(Standalone.nanos(seen.record())).isEqualTo(call.get("nanos").asLong());
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, bad-json", "OPENAI, nul", "OPENAI, huge",
        "ANTHROPIC, bad-json", "ANTHROPIC, nul", "ANTHROPIC, huge",
        "GEMINI, bad-json", "GEMINI, nul", "GEMINI, huge"
    })
    void survivesMalformedStreamsAndWritesNoneItself(Shape shape, String fault) throws Exception {
        var seen = Seen.of(shape, shape.model(fault));
        assertThat(seen.status()).isEqualTo(200);
        if (seen.body().whole()) {
            assertThat(seen.outcome()).isEqualTo("ok");
        } else {
            assertEndsWithAnError(shape, seen);
        }
        assertCharged(shape, fault, seen);
        assertThat(gateway.admin("/livez").statusCode()).isEqualTo(200);
    }

    /** To a client of another dialect everything is written by the gateway, so it must be valid. */
    @ParameterizedTest
    @CsvSource({
        "OPENAI, ANTHROPIC, bad-json", "OPENAI, ANTHROPIC, cut-fin",
                "OPENAI, ANTHROPIC, late-error", "OPENAI, GEMINI, silent",
        "ANTHROPIC, OPENAI, bad-json", "ANTHROPIC, OPENAI, cut-rst", "ANTHROPIC, OPENAI, no-end",
                "ANTHROPIC, GEMINI, late-error",
        "GEMINI, OPENAI, late-error", "GEMINI, ANTHROPIC, silent"
    })
    void writesOnlyValidEventsInATranslatedStream(Shape client, Shape provider, String fault)
            throws Exception {
        var seen = Seen.of(client, provider.model(fault));
        assertThat(seen.data()).isNotEmpty().allSatisfy(StreamFaultsE2E::assertJson);
        assertEndsWithAnError(client, seen);
        assertCharged(provider, fault, seen);
    }

    /** Gemini bills thoughts on top of the limit of the request, whoever asked for it. */
    @ParameterizedTest
    @EnumSource
    void holdsGeminisThoughtsForClientsOfEveryDialect(Shape client) throws Exception {
        var seen = Seen.of(client, Shape.GEMINI.model("silent"));
        assertThat(Standalone.nanos(seen.record()))
                .isBetween(4_096 * 600L, Shape.GEMINI.holdNanos());
    }

    private static void assertJson(String data) {
        try {
            assertThat(JSON.readTree(data).isObject() || data.equals("[DONE]")).isTrue();
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + data, e);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, mute-head, timeout", "OPENAI, mute-body, timeout", "OPENAI, down, server_error",
        "ANTHROPIC, mute-head, timeout", "ANTHROPIC, mute-body, timeout",
                "ANTHROPIC, down, server_error",
        "GEMINI, mute-head, timeout", "GEMINI, mute-body, timeout", "GEMINI, down, server_error"
    })
    void failsOverBeforeTheFirstByte(Shape shape, String fault, String word) throws Exception {
        var seen = Seen.of(shape, "safe-" + shape.model(fault));
        assertThat(seen.status()).isEqualTo(200);
        assertThat(seen.body().whole()).isTrue();
        assertThat(seen.outcome()).isEqualTo("ok");
        assertThat(seen.attempts()).containsExactly(word, "ok");
        assertThat(seen.record().get("fallback_used").asBoolean()).isTrue();
        assertThat(seen.record().get("provider_chosen").asText())
                .isEqualTo(shape.dialect() + "-spare");
        assertThat(seen.head()).contains("x-tollgate-attempts: 2");
        var billed = PROVIDERS.get(shape).calls(shape.model(fault)).getLast().get("nanos").asLong();
        var attempt = Standalone.nanos(seen.record().get("attempts").get(0));
        assertThat(attempt).isGreaterThanOrEqualTo(billed);
    }

    @ParameterizedTest
    @EnumSource
    void answersInTheClientsDialectWhenNothingElseIsLeft(Shape shape) throws Exception {
        var seen = Seen.of(shape, shape.model("mute-head"));
        assertThat(seen.status()).isBetween(500, 504);
        var body = JSON.readTree(seen.body().text());
        assertThat(body.get("error").get("message").asText()).isNotBlank();
        if (shape == Shape.ANTHROPIC) {
            assertThat(body.get("type").asText()).isEqualTo("error");
        }
        assertThat(seen.outcome()).isEqualTo("timeout");
    }

    @ParameterizedTest
    @EnumSource
    void cancelsUpstreamAndChargesWhenTheClientLeaves(Shape shape) throws Exception {
        var model = shape.model("slow");
        String id;
        try (var raw = send(shape, model)) {
            id = requestId(raw.readHead());
            raw.readAtLeast(300);
            raw.reset();
        }
        var record = gateway.record(id);
        assertThat(record.get("outcome").asText()).isEqualTo("aborted");
        await().until(() -> !PROVIDERS.get(shape).calls(model).isEmpty());
        var call = PROVIDERS.get(shape).calls(model).getLast();
        // Google bills on after a disconnect, so its answer is read to the end for the exact cost
        assertThat(call.get("outcome").asText())
                .isEqualToIgnoringCase(shape == Shape.GEMINI ? "completed" : "cancelled");
        assertThat(Standalone.nanos(record))
                .isBetween(call.get("nanos").asLong(), shape.holdNanos());
        assertThat(Standalone.nanos(record)).isPositive();
    }

    @ParameterizedTest
    @EnumSource
    void leavesARateLimitedTargetAloneUntilItsRetryAfter(Shape shape) throws Exception {
        var name = "safe-" + shape.model("limited");
        var first = Seen.of(shape, name);
        assertThat(first.attempts()).containsExactly("rate_limited", "ok");
        assertThat(Standalone.nanos(first.record().get("attempts").get(0))).isZero();
        var second = Seen.of(shape, name);
        assertThat(second.attempts()).containsExactly("ok");
        assertThat(second.record().get("provider_chosen").asText())
                .isEqualTo(shape.dialect() + "-spare");
        await().untilAsserted(
                        () ->
                                assertThat(
                                                Seen.of(shape, name)
                                                        .record()
                                                        .get("provider_chosen")
                                                        .asText())
                                        .isEqualTo(shape.dialect()));
    }

    @ParameterizedTest
    @EnumSource
    void failsOverOnOverload(Shape shape) throws Exception {
        var seen = Seen.of(shape, "safe-" + shape.model("overloaded"));
        assertThat(seen.attempts()).hasSize(2).last().isEqualTo("ok");
        assertThat(seen.record().get("attempts").get(0).get("status").asInt()).isIn(503, 529);
        var first = Standalone.nanos(seen.record().get("attempts").get(0));
        assertThat(first).isBetween(0L, shape.holdNanos());
        // 529 is known to be never billed
        assertThat(first == 0).isEqualTo(shape == Shape.ANTHROPIC);
    }

    @Test
    void opensTheCircuitAfterThreeFailuresAndClosesItAgain() throws Exception {
        var shape = Shape.OPENAI;
        var name = "safe-" + shape.model("circuit");
        for (int i = 0; i < 3; i++) {
            assertThat(Seen.of(shape, name).attempts()).containsExactly("server_error", "ok");
        }
        var before = PROVIDERS.get(shape).calls(shape.model("circuit")).size();
        assertThat(before).isEqualTo(3);
        assertThat(Seen.of(shape, name).attempts()).containsExactly("ok");
        assertThat(PROVIDERS.get(shape).calls(shape.model("circuit"))).hasSize(before);
        assertThat(gateway.admin("/metrics").body()).contains("tollgate_circuit_state{");
        assertThat(gateway.admin("/status").body()).contains("open");
        await().untilAsserted(
                        () ->
                                assertThat(
                                                Seen.of(shape, name)
                                                        .record()
                                                        .get("provider_chosen")
                                                        .asText())
                                        .isEqualTo(shape.dialect() + CIRCUIT));
        assertThat(Seen.of(shape, name).attempts()).containsExactly("ok");
    }
}
