package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Samples;
import dev.tollgate.dialects.error.ErrorBody;
import dev.tollgate.dialects.error.UpstreamError;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What becomes of one rich exchange between every two dialects, as files in {@code golden}: the
 * request as the provider gets it, its answer, its stream and its error as the client gets them.
 * {@code -Dgolden.write=true} writes them anew; a difference is then read in the diff.
 */
class GoldenTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");
    private static final boolean WRITE = Boolean.getBoolean("golden.write");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> FILES =
            List.of("answer.json", "error.json", "request.json", "stream.sse");

    static Stream<Arguments> pairs() {
        return Arrays.stream(Dialect.values())
                .flatMap(
                        client ->
                                Arrays.stream(Dialect.values())
                                        .filter(provider -> provider != client)
                                        .map(provider -> Arguments.of(client, provider)));
    }

    static Stream<Arguments> pairsAndSame() {
        return Stream.concat(
                pairs(), Arrays.stream(Dialect.values()).map(each -> Arguments.of(each, each)));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void theRequestIsThatOfTheFile(Dialect client, Dialect provider) throws IOException {
        var body = Samples.request(client);
        var outbound =
                bridge(client, provider)
                        .request(scan(client, body, false), body, Samples.terms(provider));
        assertThat(outbound).isInstanceOf(Outbound.Ready.class);
        var ready = (Outbound.Ready) outbound;
        SdkReader.request(provider, ready.body());
        var golden = JSON.createObjectNode();
        golden.set("dropped", JSON.valueToTree(ready.dropped()));
        golden.set("body", JSON.readTree(ready.body()));
        compare(client, provider, "request.json", pretty(golden));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void theAnswerIsThatOfTheFile(Dialect client, Dialect provider) throws IOException {
        var read = bridge(client, provider).answer(Samples.answer(provider), answerTerms(client));
        assertThat(read).isInstanceOf(AnswerRead.Read.class);
        var body = ((AnswerRead.Read) read).body();
        assertThat(SdkReader.answer(client, body)).isNotNull();
        compare(client, provider, "answer.json", pretty(JSON.readTree(body)));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void theStreamIsThatOfTheFile(Dialect client, Dialect provider) throws IOException {
        var streamed = cut(client, provider, Samples.stream(provider), 1 << 20);
        assertThat(streamed.end()).isInstanceOf(End.Complete.class);
        SdkReader.stream(client, streamed.out().getBytes(StandardCharsets.UTF_8));
        compare(client, provider, "stream.sse", streamed.out());
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void theStreamSaysWhatTheAnswerSays(Dialect client, Dialect provider) {
        var answer =
                (AnswerRead.Read)
                        bridge(client, provider)
                                .answer(Samples.answer(provider), answerTerms(client));
        var streamed = cut(client, provider, Samples.stream(provider), 1 << 20);
        assertThat(SdkReader.stream(client, streamed.out().getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(SdkReader.answer(client, answer.body()));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void theErrorIsThatOfTheFile(Dialect client, Dialect provider) throws IOException {
        var sample = Samples.error(provider);
        var error =
                UpstreamError.read(
                        provider,
                        sample.path("status").intValue(),
                        JSON.writeValueAsBytes(sample.path("body")));
        var rendered = ErrorBody.of(client, error.kind(), error.message(), null, "req_1");
        var golden = JSON.createObjectNode();
        golden.put("status", rendered.status());
        golden.set("body", JSON.readTree(rendered.bytes()));
        compare(client, provider, "error.json", pretty(golden));
    }

    @ParameterizedTest
    @MethodSource("pairsAndSame")
    void aStreamCutAtAnyByteIsTheSame(Dialect client, Dialect provider) {
        var stream = Samples.stream(provider);
        var whole = cut(client, provider, stream, stream.length);
        for (int at = 1; at < stream.length; at++) {
            assertThat(cut(client, provider, stream, at)).as("cut at byte %d", at).isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @MethodSource("pairsAndSame")
    void aStreamWithOtherLineEndsAndCommentsIsTheSame(Dialect client, Dialect provider) {
        var stream = new String(Samples.stream(provider), StandardCharsets.UTF_8);
        var plain = stream.replace("\r\n", "\n").replace("data: [DONE]\n\n", "");
        var events = bare(cut(client, provider, utf8(plain), 1 << 20).out());
        for (var variant :
                List.of(
                        plain.replace("\n", "\r\n"),
                        plain.replace("\n", "\r"),
                        plain.replace("data: ", "data:"),
                        plain.replace("data: ", ": keep-alive\n\ndata: "),
                        plain.replace("data: ", "id: 7\ndata: "),
                        "\ufeff" + plain,
                        plain.substring(0, plain.length() - 2))) {
            var streamed = cut(client, provider, utf8(variant), 1 << 20);
            assertThat(streamed.end()).isInstanceOf(End.Complete.class);
            assertThat(bare(streamed.out())).isEqualTo(events);
        }
    }

    /** What stays of a stream when only its data is looked at. */
    private static List<String> bare(String stream) {
        return stream.lines()
                .map(line -> line.replace("\ufeff", ""))
                .filter(line -> line.startsWith("data:"))
                .map(line -> line.substring(5).strip())
                .filter(line -> !line.equals("[DONE]"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("pairsAndSame")
    void aStreamThatStopsAnywhereBeforeItsEndIsNoCleanStop(Dialect client, Dialect provider) {
        var events = new String(Samples.stream(provider), StandardCharsets.UTF_8);
        int finish = finish(provider, events);
        for (int at = 1; at < finish; at += 13) {
            var streamed = cut(client, provider, utf8(events.substring(0, at)), 1 << 20);
            assertThat(streamed.end()).as("stopped at %d", at).isInstanceOf(End.Broken.class);
            assertThat(streamed.out())
                    .doesNotContain(
                            "[DONE]", "message_stop", "response.completed", "\"finishReason\"")
                    .contains("error");
        }
    }

    /** Where the event starts that finishes the answer. */
    private static int finish(Dialect provider, String stream) {
        var word =
                switch (provider) {
                    case OPENAI_CHAT -> "\"finish_reason\":\"tool_calls\"";
                    case OPENAI_RESPONSES -> "event: response.completed";
                    case ANTHROPIC -> "event: message_delta";
                    case GEMINI -> "\"finishReason\"";
                };
        return stream.lastIndexOf("\n\n", stream.indexOf(word)) < 0
                ? stream.lastIndexOf("\r\n\r\n", stream.indexOf(word))
                : stream.lastIndexOf("\n\n", stream.indexOf(word));
    }

    @Test
    void noFileIsLeftOver() throws IOException {
        var expected = new ArrayList<String>();
        for (var client : Dialect.values()) {
            for (var provider : Dialect.values()) {
                if (client != provider) {
                    expected.add(folder(client, provider));
                }
            }
        }
        try (var folders = Files.list(FOLDER)) {
            assertThat(folders.map(each -> each.getFileName().toString()))
                    .containsAll(expected)
                    .allMatch(
                            each ->
                                    expected.contains(each)
                                            || each.equals("clients")
                                            || each.equals("counts")
                                            || each.equals("embeddings")
                                            || each.equals("providers"));
        }
        for (var each : expected) {
            try (var files = Files.list(FOLDER.resolve(each))) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .as(each)
                        .containsExactlyInAnyOrderElementsOf(FILES);
            }
        }
    }

    private record Cut(String out, End end) {}

    private static Cut cut(Dialect client, Dialect provider, byte[] stream, int at) {
        var out = new ByteArrayOutputStream();
        var translated = bridge(client, provider).stream(streamTerms(client));
        int first = Math.min(at, stream.length);
        translated.feed(stream, 0, first, out::write);
        translated.feed(stream, first, stream.length - first, out::write);
        var end = translated.end(out::write);
        return new Cut(out.toString(StandardCharsets.UTF_8), end);
    }

    private static Bridge bridge(Dialect client, Dialect provider) {
        var bridge = Bridge.between(client, provider, Operation.GENERATE);
        assertThat(bridge).isNotNull();
        return bridge;
    }

    private static RequestScan scan(Dialect client, byte[] body, boolean stream) {
        var scanned = RequestScanner.scan(Samples.ingress(client, stream), body);
        assertThat(scanned).isInstanceOf(RequestScan.class);
        return (RequestScan) scanned;
    }

    private static Bridge.AnswerTerms answerTerms(Dialect client) {
        var body = Samples.request(client);
        return Samples.answerTerms(scan(client, body, false), body, true);
    }

    private static Bridge.AnswerTerms streamTerms(Dialect client) {
        var body = Samples.streamRequest(client);
        return Samples.answerTerms(scan(client, body, true), body, true);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String folder(Dialect client, Dialect provider) {
        return client.wireName() + "-to-" + provider.wireName();
    }

    private static String pretty(JsonNode json) throws IOException {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
    }

    private static void compare(Dialect client, Dialect provider, String name, String actual)
            throws IOException {
        var file = FOLDER.resolve(folder(client, provider)).resolve(name);
        if (WRITE) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, actual);
        }
        assertThat(file).as("run once with -Dgolden.write=true, and read the diff").exists();
        assertThat(actual).isEqualTo(Files.readString(file));
    }
}
