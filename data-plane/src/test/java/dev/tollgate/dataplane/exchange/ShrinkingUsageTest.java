package dev.tollgate.dataplane.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams whose figures end below what they told before. */
class ShrinkingUsageTest {

    private final Harness harness = new Harness();

    @AfterEach
    void close() {
        harness.close();
    }

    private void start(String dialect, String... pieces) {
        var upstream = harness.upstream(Harness.streams(pieces));
        start(dialect, upstream);
    }

    private void start(String dialect, Harness.Upstream upstream) {
        var path = dialect.equals("gemini") ? "/v1beta" : "/v1";
        var providers = List.of(Snapshots.provider("a", dialect, upstream.url() + path));
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(1, null), providers)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private static String chat(int choice, String finish, int input, int output) {
        return ("data: {'id':'c1','object':'chat.completion.chunk','created':1,'model':'model-1',"
                        + "'choices':[{'index':"
                        + choice
                        + ",'delta':{'content':'Hello'},'finish_reason':"
                        + finish
                        + "}],'usage':{'prompt_tokens':"
                        + input
                        + ",'completion_tokens':"
                        + output
                        + "}}\n\n")
                .replace('\'', '"');
    }

    private static String gemini(String finish, int output) {
        return ("data: {'candidates':[{'content':{'role':'model','parts':[{'text':'Hello'}]}"
                        + finish
                        + "}],'usageMetadata':{'promptTokenCount':10,'candidatesTokenCount':"
                        + output
                        + "},'modelVersion':'model-1'}\n\n")
                .replace('\'', '"');
    }

    private OpenGate.Settled asked(int choices) {
        var body = Harness.chat("model-1", true).replaceFirst("\\{", "{\"n\":" + choices + ",");
        var answer = harness.chat(body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).contains("Hello").endsWith("data: [DONE]\n\n");
        harness.record(1);
        return harness.gate.settled.getFirst();
    }

    private void isImplausible(OpenGate.Settled settled) {
        assertThat(settled.assumed()).isTrue();
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
        assertThat(harness.record(1).getLong("output_tokens")).isZero();
        harness.awaitMetrics("\ntollgate_usage_implausible_total 1\n");
    }

    @Test
    void outputThatShrinksIsChargedAsTheHold() {
        start(
                "openai-chat",
                chat(0, "null", 10, 900),
                chat(0, "\"stop\"", 10, 5),
                "data: [DONE]\n\n");
        isImplausible(asked(1));
    }

    @Test
    void inputThatShrinksIsChargedAsTheHold() {
        start(
                "openai-chat",
                chat(0, "null", 900, 5),
                chat(0, "\"stop\"", 10, 5),
                "data: [DONE]\n\n");
        isImplausible(asked(1));
    }

    @Test
    void outputOfAnotherDialectThatShrinksIsChargedAsTheHold() {
        start("gemini", gemini("", 900), gemini(",'finishReason':'STOP'", 5));
        isImplausible(asked(1));
    }

    @Test
    void aStreamThatBreaksOffAfterItsInputShrankIsChargedAsTheHold() throws IOException {
        start(
                "openai-chat",
                harness.upstream(
                        request ->
                                Harness.streamHead(request)
                                        .write(chat(0, "null", 900, 5) + chat(0, "null", 10, 5))
                                        .onComplete(v -> request.connection().close())));
        try (var socket = harness.socket(Harness.chat("model-1", true))) {
            Harness.readUntil(socket.getInputStream(), "\"error\"");
        }
        await().until(() -> !harness.gate.settled.isEmpty());
        isImplausible(harness.gate.settled.getFirst());
    }

    /** vLLM tells the tokens of one choice in each event, and of all in the last. */
    @Test
    void figuresOfOneChoiceEachAreNoneThatShrink() {
        start(
                "openai-chat",
                chat(0, "null", 10, 30),
                chat(1, "\"stop\"", 10, 5),
                chat(0, "\"stop\"", 10, 35),
                "data: [DONE]\n\n");
        var settled = asked(2);
        assertThat(settled.assumed()).isFalse();
        assertThat(settled.cost().nanos()).isEqualTo(10 * 1_000 + 35 * 2_000);
    }

    @Test
    void figuresOfTheChoiceThatFinishedLastAreNotThoseOfAll() throws IOException {
        start(
                "openai-chat",
                harness.upstream(
                        request ->
                                Harness.streamHead(request)
                                        .write(
                                                chat(0, "\"stop\"", 10, 30)
                                                        + chat(1, "\"stop\"", 10, 35))
                                        .onComplete(v -> request.connection().close())));
        var two = Harness.chat("model-1", true).replaceFirst("\\{", "{\"n\":2,");
        try (var socket = harness.socket(two)) {
            Harness.readUntil(socket.getInputStream(), "\"error\"");
        }
        await().until(() -> !harness.gate.settled.isEmpty());
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.assumed()).isTrue();
        assertThat(settled.cost().nanos())
                .isGreaterThanOrEqualTo(10 * 1_000 + (30 + 35) * 2_000)
                .isLessThan(settled.claim().bound().nanos());
    }

    /** SGLang tells the input when the answer begins, and a zero when it ends. */
    @Test
    void inputThatIsToldOnceIsCharged() {
        start(
                "anthropic",
                """
                event: message_start
                data: {"type":"message_start","message":{"id":"m1","type":"message","role":"assistant",\
                "model":"model-1","content":[],"stop_reason":null,\
                "usage":{"input_tokens":10,"output_tokens":8}}}

                event: content_block_start
                data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

                event: content_block_delta
                data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}

                event: content_block_stop
                data: {"type":"content_block_stop","index":0}

                event: message_delta
                data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},\
                "usage":{"input_tokens":0,"output_tokens":5}}

                event: message_stop
                data: {"type":"message_stop"}

                """);
        var settled = asked(1);
        assertThat(settled.assumed()).isFalse();
        assertThat(settled.cost().nanos()).isEqualTo(20_000);
    }
}
