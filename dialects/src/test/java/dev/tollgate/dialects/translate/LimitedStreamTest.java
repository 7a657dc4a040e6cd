package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Samples;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Streams that are ended at a limit while their provider would go on. */
class LimitedStreamTest {

    private static final int WHOLE = 1 << 20;

    static Stream<Arguments> pairs() {
        return Arrays.stream(Dialect.values())
                .flatMap(
                        client ->
                                Arrays.stream(Dialect.values())
                                        .map(provider -> Arguments.of(client, provider)));
    }

    private record Ended(String out, String passed, AnswerStream stream) {}

    private static Bridge.AnswerTerms terms(Dialect client) {
        var body = Samples.streamRequest(client);
        var scan = RequestScanner.scan(Samples.ingress(client, true), body);
        return Samples.answerTerms((RequestScan) scan, body, true);
    }

    private static Ended endedAt(Dialect client, Dialect provider, byte[] bytes, int at) {
        var out = new ByteArrayOutputStream();
        var bridge = Bridge.between(client, provider, Operation.GENERATE);
        assertThat(bridge).isNotNull();
        var stream = bridge.limitedStream(terms(client));
        stream.feed(bytes, 0, Math.min(at, bytes.length), out::write);
        var passed = out.toString(StandardCharsets.UTF_8);
        if (at < bytes.length) {
            stream.endAtLimit(out::write);
            stream.feed(bytes, at, bytes.length - at, out::write);
        }
        assertThat(stream.end(out::write)).isInstanceOf(End.Complete.class);
        return new Ended(out.toString(StandardCharsets.UTF_8), passed, stream);
    }

    /** Where the event starts that ends the answer. */
    private static int finish(Dialect provider, String stream) {
        var word =
                switch (provider) {
                    case OPENAI_CHAT -> "\"finish_reason\":\"tool_calls\"";
                    case OPENAI_RESPONSES -> "event: response.completed";
                    case ANTHROPIC -> "event: message_delta";
                    case GEMINI -> "\"finishReason\"";
                };
        int at = stream.indexOf(word);
        return Math.max(stream.lastIndexOf("\n\n", at), stream.lastIndexOf("\r\n\r\n", at));
    }

    private static String finishedWord(Dialect client) {
        return switch (client) {
            case OPENAI_CHAT -> "length";
            case OPENAI_RESPONSES -> "max_output_tokens";
            case ANTHROPIC -> "max_tokens";
            case GEMINI -> "MAX_TOKENS";
        };
    }

    /**
     * By the official parser; the samples of providers are no whole answers to its strict one, so
     * what passed unchanged is read through another dialect.
     */
    private static SdkReader.Seen seen(Dialect client, Dialect provider, String out) {
        var bytes = out.getBytes(StandardCharsets.UTF_8);
        if (client != provider) {
            return SdkReader.stream(client, bytes);
        }
        var other = client == Dialect.OPENAI_CHAT ? Dialect.ANTHROPIC : Dialect.OPENAI_CHAT;
        var read = endedAt(other, client, bytes, WHOLE).out();
        return SdkReader.stream(other, read.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void whatTheClientGotIsFollowedByACleanEndWithTheReasonForItsLength(
            Dialect client, Dialect provider) {
        var bytes = Samples.stream(provider);
        int finish = finish(provider, new String(bytes, StandardCharsets.UTF_8));
        var whole = seen(client, provider, endedAt(client, provider, bytes, WHOLE).out());
        for (int at = finish / 4; at < finish; at += 7) {
            var ended = endedAt(client, provider, bytes, at);
            assertThat(ended.out()).as("ended at %d", at).startsWith(ended.passed());
            var tail = ended.out().substring(ended.passed().length());
            assertThat(tail)
                    .contains("\"" + finishedWord(client) + "\"")
                    .doesNotContain("error\":{");
            var seen = seen(client, provider, ended.out());
            assertThat(seen.finish())
                    .as("ended at %d", at)
                    .isIn("length", "max_tokens", "incomplete", "MAX_TOKENS");
            assertThat(whole.text()).startsWith(seen.text());
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void aStreamThatIsNotEndedIsAsAnyOther(Dialect client, Dialect provider) {
        var bytes = Samples.stream(provider);
        var bridge = Bridge.between(client, provider, Operation.GENERATE);
        assertThat(bridge).isNotNull();
        var out = new ByteArrayOutputStream();
        var plain = bridge.stream(terms(client));
        plain.feed(bytes, 0, bytes.length, out::write);
        plain.end(out::write);
        var ended = endedAt(client, provider, bytes, WHOLE);
        assertThat(ended.out()).isEqualTo(out.toString(StandardCharsets.UTF_8));
        assertThat(ended.stream().usage()).isEqualTo(plain.usage());
        assertThat(ended.stream().finishReason()).isEqualTo(plain.finishReason());
        assertThat(ended.stream().visibleOutputBytes()).isEqualTo(plain.visibleOutputBytes());
    }
}
