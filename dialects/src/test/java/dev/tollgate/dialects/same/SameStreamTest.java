package dev.tollgate.dialects.same;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge.AnswerTerms;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SameStreamTest {
    private static final String CHAT =
            """
            : keep-alive

            data: {"id":"1","model":"gpt-real","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}

            data: {"id":"1","model":"gpt-real","choices":[{"index":0,"delta":{"content":"hé"}}],"usage":null}

            data: {"id":"1","model":"gpt-real","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

            data: {"id":"1","model":"gpt-real","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}

            data: [DONE]

            """;

    private static final String MESSAGES =
            """
            event: message_start
            data: {"type":"message_start","message":{"model":"claude-real","content":[],"usage":{"input_tokens":2050,"cache_creation_input_tokens":0,"output_tokens":1}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":31772,"output_tokens":20}}

            event: message_stop
            data: {"type":"message_stop"}

            """;

    private static final String GEMINI_ARRAY =
            """
            [{"candidates":[{"content":{"parts":[{"text":"a]\\"}"}]}}],"modelVersion":"g-real"}
            ,
            {"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"totalTokenCount":6}}
            ]""";

    /** What came out, and how it ended. */
    private record Ran(String out, @Nullable End end, AnswerStream stream) {}

    /** The official types of OpenAI demand the number on each event, errors too. */
    @Test
    void theErrorOfACutResponsesStreamHasTheNextNumber() {
        var cut =
                """
                event: response.created
                data: {"type":"response.created","sequence_number":0,"response":{"id":"r","model":"m","status":"in_progress"}}

                event: response.output_text.delta
                data: {"type":"response.output_text.delta","sequence_number":1,"delta":"a"}

                """;
        var ran = run(Dialect.OPENAI_RESPONSES, cut, 50, false, null, true);
        assertInstanceOf(End.Broken.class, ran.end());
        assertEquals(
                cut
                        + """
                        event: error
                        data: {"type":"error","code":"upstream_error","message":"the provider's stream ended before the answer was complete","param":null,"sequence_number":2}

                        """,
                ran.out());
    }

    @Test
    void stripsTheUsageChunkThatTheClientDidNotAskFor() {
        var expected =
                CHAT.replaceAll("(?m)^data: .*\"choices\":\\[\\].*\\n\\n", "")
                        .replace(",\"usage\":null", "");
        for (int size = 1; size < 400; size += 13) {
            var ran = run(Dialect.OPENAI_CHAT, CHAT, size, false, null, true);
            assertEquals(expected, ran.out(), "size " + size);
            assertInstanceOf(End.Complete.class, ran.end());
            var usage = ran.stream().usage();
            assertNotNull(usage);
            assertEquals(3, usage.input());
            assertEquals(2, usage.output());
            assertEquals(3, ran.stream().visibleOutputBytes());
            assertEquals("stop", ran.stream().finishReason());
            assertEquals("gpt-real", ran.stream().model());
        }
    }

    /** A provider that is asked for usage tells of it on each chunk. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"usage\":null,\"choices\":[{}]}|{\"choices\":[{}]}",
                "{\"id\":\"1\", \"usage\" : null , \"choices\":[{}]}|{\"id\":\"1\",  \"choices\":[{}]}",
                "{\"choices\":[{}] , \"\\u0075sage\":null }|{\"choices\":[{}]  }",
                "{\"usage\":null}|{}",
                "{\"choices\":[],\"usage\":null}|{\"choices\":[]}",
                "{\"x\":{\"usage\":null},\"usage\":null}|{\"x\":{\"usage\":null}}",
                "{\"model\":\"m\",\"usage\":null}|{\"model\":\"m\"}",
            })
    void aChunkSaysNothingOfUsageToAClientThatDidNotAskForIt(String chunk, String expected) {
        var sent = "data: " + chunk + "\n\n";
        for (var alias : new String[] {null, "alias"}) {
            var seen =
                    "data: "
                            + (alias == null ? expected : expected.replace("\"m\"", "\"alias\""))
                            + "\n\n";
            for (int size = 1; size <= 3 * sent.length(); size++) {
                var out = run(Dialect.OPENAI_CHAT, sent.repeat(3), size, false, alias, true).out();
                assertTrue(out.startsWith(seen.repeat(3)), size + ": " + out);
                assertFalse(out.substring(seen.length() * 3).contains("usage"), out);
            }
            var lines = sent.replace("{", "{\ndata: ");
            var out = run(Dialect.OPENAI_CHAT, lines, 7, false, alias, true).out();
            assertTrue(out.startsWith(seen.replace("{", "{\ndata: ")), out);
        }
    }

    @Test
    void passesTheUsageChunkThatTheClientAskedFor() {
        assertEquals(CHAT, run(Dialect.OPENAI_CHAT, CHAT, 50, true, null, true).out());
    }

    @Test
    void writesTheAliasAsModelWhereverTheStreamNamesIt() {
        for (int size = 1; size < 400; size += 13) {
            assertEquals(
                    CHAT.replace("gpt-real", "my\\\"alias"),
                    run(Dialect.OPENAI_CHAT, CHAT, size, true, "my\"alias", true).out());
            assertEquals(
                    MESSAGES.replace("claude-real", "alias"),
                    run(Dialect.ANTHROPIC, MESSAGES, size, true, "alias", true).out());
            assertEquals(
                    GEMINI_ARRAY.replace("g-real", "alias"),
                    run(Dialect.GEMINI, GEMINI_ARRAY, size, true, "alias", false).out());
        }
    }

    @Test
    void setsAnthropicsCumulativeUsageAndDoesNotAddIt() {
        var usage = run(Dialect.ANTHROPIC, MESSAGES, 11, true, null, true).stream().usage();
        assertNotNull(usage);
        assertEquals(31_772, usage.input());
        assertEquals(20, usage.output());
    }

    @Test
    void passesGeminisJsonArrayHoweverItIsCut() {
        for (int size = 1; size < 300; size++) {
            var ran = run(Dialect.GEMINI, GEMINI_ARRAY, size, true, null, false);
            assertEquals(GEMINI_ARRAY, ran.out());
            assertInstanceOf(End.Complete.class, ran.end());
        }
    }

    @Test
    void anEndWithoutFinishReasonIsBrokenAndTheClientIsTold() {
        var cut =
                CHAT.substring(
                        0,
                        CHAT.indexOf(
                                "data: {\"id\":\"1\",\"model\":\"gpt-real\",\"choices\":[{\"index\":0,\"delta\":{},"));
        var ran = run(Dialect.OPENAI_CHAT, cut, 10, true, null, true);
        assertInstanceOf(End.Broken.class, ran.end());
        assertTrue(ran.out().startsWith(cut + "data: {\"error\":{"), ran.out());
        assertFalse(ran.out().contains("finish_reason"));
    }

    @Test
    void anEndMarkWithoutFinishReasonIsBrokenAndDoesNotReachTheClient() {
        var ran =
                run(
                        Dialect.OPENAI_CHAT,
                        "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]\n\n",
                        9,
                        true,
                        null,
                        true);
        assertInstanceOf(End.Broken.class, ran.end());
        assertFalse(ran.out().contains("[DONE]"), ran.out());
        assertTrue(ran.out().contains("\"error\""), ran.out());
    }

    @Test
    void aMissingEndMarkAfterTheFinishReasonIsComplete() {
        var ran =
                run(
                        Dialect.OPENAI_CHAT,
                        CHAT.replace("data: [DONE]\n\n", ""),
                        10,
                        true,
                        null,
                        true);
        assertInstanceOf(End.Complete.class, ran.end());
    }

    @Test
    void anAnthropicStreamWithoutItsLastEventIsBroken() {
        var cut = MESSAGES.substring(0, MESSAGES.indexOf("event: message_stop"));
        var ran = run(Dialect.ANTHROPIC, cut, 10, true, null, true);
        assertInstanceOf(End.Broken.class, ran.end());
        assertTrue(
                ran.out().startsWith(cut + "event: error\ndata: {\"type\":\"error\""), ran.out());
    }

    /** vLLM ends its streams of messages so. */
    @Test
    void anEndMarkBehindAnthropicsLastEventPasses() {
        var marked = MESSAGES + "data: [DONE]\n\n";
        for (int size = 1; size < 400; size += 13) {
            var ran = run(Dialect.ANTHROPIC, marked, size, true, null, true);
            assertEquals(marked, ran.out(), "size " + size);
            assertInstanceOf(End.Complete.class, ran.end());
        }
    }

    @Test
    void anEndMarkInPlaceOfAnthropicsLastEventIsNoEnd() {
        var cut = MESSAGES.substring(0, MESSAGES.indexOf("event: message_stop"));
        var ran = run(Dialect.ANTHROPIC, cut + "data: [DONE]\n\n", 10, true, null, true);
        assertInstanceOf(End.Broken.class, ran.end());
        assertTrue(
                ran.out().startsWith(cut + "event: error\ndata: {\"type\":\"error\""), ran.out());
    }

    /** The client has the whole answer by then. */
    @Test
    void whatIsUnreadableBehindTheTerminalEventIsLeftOut() {
        var responses =
                """
                event: response.completed
                data: {"type":"response.completed","sequence_number":0,"response":{"status":"completed"}}

                """;
        var bad = List.of("data: hello\n\n", "data: {\"a\":\n\n", "data: [1]\n\n", "data: {\"a");
        for (var tail : bad) {
            for (int size = 1; size < 400; size += 57) {
                for (var stream :
                        Map.of(
                                        Dialect.ANTHROPIC,
                                        MESSAGES,
                                        Dialect.OPENAI_CHAT,
                                        CHAT,
                                        Dialect.OPENAI_RESPONSES,
                                        responses)
                                .entrySet()) {
                    var text = stream.getValue();
                    var ran = run(stream.getKey(), text + tail, size, true, null, true);
                    assertEquals(text, ran.out(), tail + " at size " + size);
                    assertInstanceOf(End.Complete.class, ran.end());
                }
            }
        }
    }

    /** The event that is unreadable may itself look like the terminal one. */
    @Test
    void aTerminalEventThatIsUnreadableIsNoEnd() {
        var torn = MESSAGES.replace("{\"type\":\"message_stop\"}", "{\"type\":\"message_stop\"");
        var ran = run(Dialect.ANTHROPIC, torn, 10, true, null, true);
        assertInstanceOf(End.Broken.class, ran.end());
        assertTrue(ran.out().contains("event: error"), ran.out());
    }

    /** As ollama and sglang write before the last chunk. */
    @Test
    void anEmptyFinishReasonIsNone() {
        var open =
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"\"}]}\n\n";
        var cut = run(Dialect.OPENAI_CHAT, open, 9, true, null, true);
        assertInstanceOf(End.Broken.class, cut.end());
        assertTrue(cut.out().contains("\"error\""), cut.out());
        var finished =
                open
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
                        + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"\"}]}\n\n";
        var ran = run(Dialect.OPENAI_CHAT, finished, 9, true, null, true);
        assertInstanceOf(End.Complete.class, ran.end());
        assertEquals("length", ran.stream().finishReason());
    }

    /** GenieX never writes another one. */
    @Test
    void anEndMarkBehindAnAnswerWhoseFinishReasonsAreAllEmptyIsItsEnd() {
        var said =
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"\"}]}\n\n"
                        + "data: [DONE]\n\n";
        var ran = run(Dialect.OPENAI_CHAT, said, 9, true, null, true);
        assertInstanceOf(End.Complete.class, ran.end());
        assertEquals(said, ran.out());
        var silent = said.replace("\"x\"", "\"\"");
        var none = run(Dialect.OPENAI_CHAT, silent, 9, true, null, true);
        assertInstanceOf(End.Broken.class, none.end());
        assertFalse(none.out().contains("[DONE]"), none.out());
    }

    @Test
    void theProvidersOwnErrorEventPassesOnceAndIsReported() {
        var stream =
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n"
                        + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
        var ran = run(Dialect.ANTHROPIC, stream, 10, true, null, true);
        assertEquals(stream, ran.out());
        assertEquals(new End.Broken(ErrorKind.OVERLOADED, "Overloaded"), ran.end());
        assertTrue(ran.stream().toldError());
    }

    @Test
    void anErrorAsFirstEventDoesNotCommitTheAnswer() {
        var ran =
                run(
                        Dialect.OPENAI_CHAT,
                        "data: {\"error\":{\"message\":\"m\",\"code\":502}}\n\n",
                        10,
                        true,
                        null,
                        true);
        assertFalse(ran.stream().started());
        assertInstanceOf(End.Broken.class, ran.end());
    }

    @Test
    void keepAlivesAndPingsDoNotCommitTheAnswer() {
        assertFalse(
                run(Dialect.OPENAI_CHAT, ": OPENROUTER PROCESSING\n\n", 5, true, null, true)
                        .stream()
                        .started());
        assertFalse(
                run(
                                Dialect.ANTHROPIC,
                                "event: ping\ndata: {\"type\": \"ping\"}\n\n",
                                5,
                                true,
                                null,
                                true)
                        .stream()
                        .started());
    }

    @Test
    void anUnreadableEventEndsTheStreamWithoutReachingTheClient() {
        for (var bad :
                new String[] {"data: {\"choices\":[\n\n", "data: hello\n\n", "data: [1]\n\n"}) {
            var ran =
                    run(
                            Dialect.OPENAI_CHAT,
                            CHAT.substring(0, 200) + "\n\n" + bad + CHAT,
                            10,
                            true,
                            null,
                            true);
            assertInstanceOf(End.Broken.class, ran.end());
            assertTrue(ran.stream().failed());
            assertFalse(ran.stream().toldError());
            assertFalse(ran.out().contains("[DONE]"));
        }
    }

    @Test
    void failWritesTheDialectsErrorEventBehindWholeEvents() {
        for (var dialect : Dialect.values()) {
            var stream = new SameBridge(dialect).stream(terms(dialect, true, null, true));
            var out = new ByteArrayOutputStream();
            var half = "data: {\"half".getBytes(StandardCharsets.UTF_8);
            stream.feed(half, 0, half.length, out::write);
            stream.fail(ErrorKind.TIMEOUT, "too slow", out::write);
            var text = out.toString(StandardCharsets.UTF_8);
            assertFalse(text.contains("half"));
            assertTrue(text.contains("too slow") && text.endsWith("\n\n"), text);
        }
    }

    @Test
    void failKeepsGeminisJsonArrayValid() throws java.io.IOException {
        var stream =
                new SameBridge(Dialect.GEMINI).stream(terms(Dialect.GEMINI, true, null, false));
        var out = new ByteArrayOutputStream();
        var bytes = GEMINI_ARRAY.substring(0, 100).getBytes(StandardCharsets.UTF_8);
        stream.feed(bytes, 0, bytes.length, out::write);
        stream.fail(ErrorKind.TIMEOUT, "too slow", out::write);
        var tree = dev.tollgate.dialects.Corpus.JSON.readTree(out.toByteArray());
        assertEquals(2, tree.size());
        assertEquals(504, tree.path(1).path("error").path("code").asInt());
    }

    @Test
    void eachChoiceFinishesByItself() {
        var chat = "data: {\"choices\":[{\"finish_reason\":\"stop\",\"index\":%d}]}\n\n";
        assertTrue(stream(Dialect.OPENAI_CHAT, chat.formatted(1)).finished(1));
        assertFalse(stream(Dialect.OPENAI_CHAT, chat.formatted(1)).finished(2));
        assertFalse(stream(Dialect.OPENAI_CHAT, chat.formatted(1).repeat(2)).finished(2));
        assertTrue(stream(Dialect.OPENAI_CHAT, chat.formatted(1) + chat.formatted(0)).finished(2));
        var gemini = "data: {\"candidates\":[{\"finishReason\":\"STOP\"%s}]}\n\n";
        assertFalse(stream(Dialect.GEMINI, gemini.formatted("")).finished(2));
        assertTrue(
                stream(Dialect.GEMINI, gemini.formatted("") + gemini.formatted(",\"index\":1"))
                        .finished(2));
    }

    @Test
    void usageThatComesWithOneOfSeveralChoicesIsNotFinal() {
        var usage = "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":9}";
        var chat =
                "data: {\"choices\":[{\"finish_reason\":\"stop\",\"index\":%d}]," + usage + "}\n\n";
        var both = chat.formatted(0) + chat.formatted(1);
        assertTrue(stream(Dialect.OPENAI_CHAT, chat.formatted(0)).finished(1));
        assertFalse(stream(Dialect.OPENAI_CHAT, both).finished(2));
        var last = "data: {" + usage + ",\"choices\":[]}\n\n";
        assertTrue(stream(Dialect.OPENAI_CHAT, both + last).finished(2));
        assertFalse(stream(Dialect.OPENAI_CHAT, last + both).finished(2));
    }

    private static AnswerStream stream(Dialect dialect, String text) {
        return run(dialect, text, text.length(), false, null, true).stream();
    }

    private static Ran run(
            Dialect dialect,
            String text,
            int size,
            boolean includeUsage,
            @Nullable String model,
            boolean sse) {
        var stream = new SameBridge(dialect).stream(terms(dialect, includeUsage, model, sse));
        var out = new ByteArrayOutputStream();
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i += size) {
            stream.feed(bytes, i, Math.min(size, bytes.length - i), out::write);
        }
        var end = stream.end(out::write);
        return new Ran(out.toString(StandardCharsets.UTF_8), end, stream);
    }

    private static AnswerTerms terms(
            Dialect dialect, boolean includeUsage, @Nullable String model, boolean sse) {
        var body =
                (dialect == Dialect.GEMINI
                                ? "{\"contents\":[{}]}"
                                : "{\"model\":\"alias\",\"stream\":true,\"messages\":[],"
                                        + "\"stream_options\":{\"include_usage\":"
                                        + includeUsage
                                        + "}}")
                        .getBytes(StandardCharsets.UTF_8);
        var ingress = new Ingress(dialect, Operation.GENERATE, "alias", true, sse);
        var scan = assertInstanceOf(RequestScan.class, RequestScanner.scan(ingress, body));
        return new AnswerTerms(scan, body, model, sse, "id", 0);
    }
}
