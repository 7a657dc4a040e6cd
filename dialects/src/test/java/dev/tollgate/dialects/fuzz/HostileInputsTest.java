package dev.tollgate.dialects.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Samples;
import dev.tollgate.dialects.scan.RequestScanner;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Inputs that are too large, deep or repetitive for a fuzzer to come upon. */
class HostileInputsTest {
    private static final int MIB = 1 << 20;

    @Test
    void aWaitOfManyAmountsIsReadWithoutEnd() {
        Promises.error(bytes("{'error':{'message':'try again in " + "1s".repeat(100_000) + "'}}"));
    }

    @Test
    void aWaitOfManyDigitsIsReadWithoutEnd() {
        Promises.error(bytes("{'error':{'message':'try again in " + "9".repeat(200_000) + "h'}}"));
    }

    @ParameterizedTest
    @ValueSource(ints = {99, 101, 480, 990, 1_100, 100_000})
    void deepJsonIsAnsweredOrRefusedInEveryDialect(int depth) {
        var deep = "{'a':".repeat(depth) + "1" + "}".repeat(depth);
        var quoted = deep.replace("'", "\\'");
        Promises.request(
                Dialect.ANTHROPIC,
                bytes(
                        "{'model':'m','max_tokens':9,'messages':[{'role':'assistant','content':[{'type':'tool_use','id':'i','name':'n','input':"
                                + deep
                                + "}]},{'role':'user','content':'x'}]}"));
        Promises.request(
                Dialect.OPENAI_CHAT,
                bytes(
                        "{'model':'m','messages':[{'role':'assistant','tool_calls':[{'id':'i','type':'function','function':{'name':'n','arguments':'"
                                + quoted
                                + "'}}]},{'role':'user','content':'x'}]}"));
        Promises.answer(
                Dialect.OPENAI_CHAT,
                bytes(
                        "{'choices':[{'message':{'tool_calls':[{'id':'i','type':'function','function':{'name':'n','arguments':'"
                                + quoted
                                + "'}}]},'finish_reason':'tool_calls'}]}"));
        Promises.answer(
                Dialect.GEMINI,
                bytes(
                        "{'candidates':[{'content':{'parts':[{'functionCall':{'name':'n','args':"
                                + deep
                                + "}}]},'finishReason':'STOP'}]}"));
        Promises.answer(
                Dialect.ANTHROPIC,
                bytes(
                        "{'type':'message','content':[{'type':'tool_use','id':'i','name':'n','input':"
                                + deep
                                + "}],'stop_reason':'tool_use'}"));
        Promises.error(bytes("{'error':" + deep + "}"));
    }

    @Test
    void aDeepPathOfAPartialArgumentIsNoOverflow() {
        var path = "$" + ".a".repeat(200_000);
        Promises.stream(
                Dialect.GEMINI,
                bytes(
                        "data: {'candidates':[{'content':{'parts':[{'functionCall':{'name':'f','partialArgs':[{'jsonPath':'"
                                + path
                                + "','numberValue':1}]}}]},'finishReason':'STOP'}]}\n\n"));
    }

    @Test
    void indicesOfPartialArgumentsDoNotFillTheMemory() {
        var args = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            args.append(i == 0 ? "" : ",")
                    .append("{'jsonPath':'$.a" + i + "[99999]','numberValue':1}");
        }
        Promises.stream(
                Dialect.GEMINI,
                bytes(
                        "data: {'candidates':[{'content':{'parts':[{'functionCall':{'name':'f','partialArgs':["
                                + args
                                + "]}}]},'finishReason':'STOP'}]}\n\n"));
    }

    /** Pieces of one call that never ends, as fast as a provider can send them. */
    @ParameterizedTest
    @EnumSource(Dialect.class)
    void aCallWithoutEndBreaksTheStreamBeforeItFillsTheMemory(Dialect client) {
        for (var provider : Dialect.values()) {
            if (provider == client) {
                continue;
            }
            var stream = stream(client, provider);
            feed(stream, start(provider));
            var piece = piece(provider, "x".repeat(256 * 1024));
            for (int i = 0; i < 256 && !stream.failed(); i++) {
                feed(stream, piece);
            }
            boolean passesOn =
                    provider != Dialect.GEMINI
                            && client != Dialect.GEMINI
                            && client != Dialect.OPENAI_RESPONSES;
            assertThat(stream.failed())
                    .as("%s for %s: 64 MiB of one call", provider, client)
                    .isEqualTo(!passesOn);
        }
    }

    @Test
    void namelessPiecesOfAChatCallBreakTheStreamBeforeTheyFillTheMemory() {
        var stream = stream(Dialect.ANTHROPIC, Dialect.OPENAI_CHAT);
        var piece =
                bytes(
                        "data: {'choices':[{'index':0,'delta':{'tool_calls':[{'index':0,'function':{'arguments':'"
                                + "x".repeat(MIB)
                                + "'}}]}}]}\n\n");
        for (int i = 0; i < 64 && !stream.failed(); i++) {
            feed(stream, piece);
        }
        assertThat(stream.failed()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void anEventOfEightMebibytesPassesAndALargerOneDoesNot(Dialect provider) {
        for (var client : Dialect.values()) {
            var fits = stream(client, provider);
            feed(fits, text(provider, 8 * MIB - 1_000));
            assertThat(fits.failed()).as("%s for %s", provider, client).isFalse();
            assertThat(fits.visibleOutputBytes()).isEqualTo(8 * MIB - 1_000);
            var large = stream(client, provider);
            feed(large, text(provider, 8 * MIB + 1));
            assertThat(large.failed()).as("%s for %s", provider, client).isTrue();
            assertThat(large.toldError()).as("%s for %s", provider, client).isFalse();
            assertThat(large.end((bytes, offset, length) -> {})).isInstanceOf(End.Broken.class);
        }
    }

    @Test
    void manyEventsFieldsAndLinesOfOneEventTakeNoSquareOfTheTime() {
        var lines = new StringBuilder();
        IntStream.range(0, 200_000).forEach(i -> lines.append("data: 1\n"));
        Promises.events(bytes(lines.append("\n").toString()));
        Promises.events(bytes(": x\n".repeat(200_000)));
        Promises.arrayElements(bytes("[" + " ".repeat(400_000)));
    }

    /** 4 MiB of prompt each; 64 KiB may stay, and a heap is not measured to the byte. */
    @ParameterizedTest
    @EnumSource(Dialect.class)
    void openStreamsKeepNothingOfTheirPrompts(Dialect client) {
        for (var provider : Dialect.values()) {
            var open = new ArrayList<AnswerStream>();
            long before = usedBytes();
            for (int i = 0; i < 8; i++) {
                var stream = stream(client, provider, prompt(client, "ab ".repeat(4 * MIB / 3)));
                feed(stream, start(provider));
                open.add(stream);
            }
            assertThat(usedBytes() - before).as("%s for %s", provider, client).isLessThan(3 * MIB);
            assertThat(open).hasSize(8).noneMatch(AnswerStream::failed);
        }
    }

    private static long usedBytes() {
        System.gc();
        var runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static byte[] prompt(Dialect client, String text) {
        return bytes(
                switch (client) {
                    case OPENAI_CHAT ->
                            "{'model':'m','messages':[{'role':'user','content':'" + text + "'}]}";
                    case OPENAI_RESPONSES -> "{'model':'m','input':'" + text + "'}";
                    case ANTHROPIC ->
                            "{'model':'m','max_tokens':9,'system':'"
                                    + text
                                    + "','messages':[{'role':'user','content':'x'}]}";
                    case GEMINI -> "{'contents':[{'parts':[{'text':'" + text + "'}]}]}";
                });
    }

    private static AnswerStream stream(Dialect client, Dialect provider) {
        return stream(client, provider, Samples.streamRequest(client));
    }

    private static AnswerStream stream(Dialect client, Dialect provider, byte[] body) {
        var bridge = Bridge.between(client, provider, Operation.GENERATE);
        var scan = RequestScanner.scan(Samples.ingress(client, true), body);
        if (bridge == null || !(scan instanceof RequestScan read)) {
            throw new IllegalStateException(client + " to " + provider + ": " + scan);
        }
        return bridge.stream(Samples.answerTerms(read, body, true));
    }

    private static void feed(AnswerStream stream, byte[] bytes) {
        stream.feed(bytes, 0, bytes.length, (out, offset, length) -> {});
    }

    private static byte[] start(Dialect provider) {
        return bytes(
                switch (provider) {
                    case OPENAI_CHAT ->
                            "data: {'id':'c','model':'m','choices':[{'index':0,'delta':{'tool_calls':[{'index':0,'id':'i','function':{'name':'n','arguments':''}}]}}]}\n\n";
                    case OPENAI_RESPONSES ->
                            "data: {'type':'response.created','response':{'id':'r','model':'m'}}\n\n"
                                    + "data: {'type':'response.output_item.added','output_index':0,'item':{'type':'function_call','id':'f','call_id':'i','name':'n'}}\n\n";
                    case ANTHROPIC ->
                            "data: {'type':'message_start','message':{'id':'a','model':'m'}}\n\n"
                                    + "data: {'type':'content_block_start','index':0,'content_block':{'type':'tool_use','id':'i','name':'n','input':{}}}\n\n";
                    case GEMINI ->
                            "data: {'candidates':[{'content':{'parts':[{'functionCall':{'name':'n','willContinue':true}}]}}]}\n\n";
                });
    }

    private static byte[] piece(Dialect provider, String text) {
        return bytes(
                switch (provider) {
                    case OPENAI_CHAT ->
                            "data: {'choices':[{'index':0,'delta':{'tool_calls':[{'index':0,'function':{'arguments':'"
                                    + text
                                    + "'}}]}}]}\n\n";
                    case OPENAI_RESPONSES ->
                            "data: {'type':'response.function_call_arguments.delta','output_index':0,'delta':'"
                                    + text
                                    + "'}\n\n";
                    case ANTHROPIC ->
                            "data: {'type':'content_block_delta','index':0,'delta':{'type':'input_json_delta','partial_json':'"
                                    + text
                                    + "'}}\n\n";
                    case GEMINI ->
                            "data: {'candidates':[{'content':{'parts':[{'functionCall':{'willContinue':true,'partialArgs':[{'jsonPath':'$.a','stringValue':'"
                                    + text
                                    + "','willContinue':true}]}}]}}]}\n\n";
                });
    }

    private static byte[] text(Dialect provider, int chars) {
        var text = "x".repeat(chars);
        return bytes(
                switch (provider) {
                    case OPENAI_CHAT ->
                            "data: {'choices':[{'index':0,'delta':{'content':'"
                                    + text
                                    + "'}}]}\n\n";
                    case OPENAI_RESPONSES ->
                            "data: {'type':'response.output_text.delta','delta':'"
                                    + text
                                    + "'}\n\n";
                    case ANTHROPIC ->
                            "data: {'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'"
                                    + text
                                    + "'}}\n\n";
                    case GEMINI ->
                            "data: {'candidates':[{'content':{'parts':[{'text':'"
                                    + text
                                    + "'}]}}]}\n\n";
                });
    }

    /** Single quotes stand for double ones. */
    private static byte[] bytes(String text) {
        return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }
}
