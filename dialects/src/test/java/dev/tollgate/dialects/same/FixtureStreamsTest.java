package dev.tollgate.dialects.same;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge.AnswerTerms;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Stream chunks that real providers sent, framed as streams, and cut at every byte or many. */
class FixtureStreamsTest {
    private static final int CUT_EVERYWHERE_BYTES = 3_000;
    private static final int MOST_CUTS = 100;

    @Test
    void everyStreamPassesByteForByteAndItsEndIsFound() throws IOException {
        int read = 0;
        for (var file : files()) {
            var chunks = chunks(file);
            var dialect =
                    chunks.isEmpty() ? null : dialect(Corpus.JSON.readTree(chunks.getFirst()));
            if (dialect == null) {
                continue;
            }
            var text = framed(dialect, chunks);
            check(file, dialect, text, text.length());
            check(file, dialect, text, 1);
            var bytes = text.getBytes(StandardCharsets.UTF_8);
            int step = bytes.length <= CUT_EVERYWHERE_BYTES ? 1 : bytes.length / MOST_CUTS;
            for (int cut = 1; cut < bytes.length; cut += step) {
                checkCut(file, dialect, bytes, cut);
            }
            read++;
        }
        assertTrue(read > 50, "only " + read + " streams");
    }

    /** A line each; none of a file that is not so (one is cut within a value). */
    private static List<String> chunks(Path file) throws IOException {
        var lines = Files.readAllLines(file).stream().filter(line -> !line.isBlank()).toList();
        return lines.stream().allMatch(FixtureStreamsTest::isJson) ? lines : List.of();
    }

    private static boolean isJson(String line) {
        try {
            return Corpus.JSON.readTree(line).isObject();
        } catch (IOException e) {
            return false;
        }
    }

    private static void check(Path file, Dialect dialect, String text, int size) {
        var stream = new SameBridge(dialect).stream(terms(dialect));
        var out = new ByteArrayOutputStream();
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i += size) {
            stream.feed(bytes, i, Math.min(size, bytes.length - i), out::write);
        }
        var end = stream.end(out::write);
        var got = out.toString(StandardCharsets.UTF_8);
        if (isWhole(dialect, text)) {
            assertInstanceOf(End.Complete.class, end, file + " " + end);
            assertEquals(text, got, file.toString());
            assertNotNull(stream.usage(), file.toString());
            assertFalse(
                    stream.usageShrank() && !hasSeveralAnswers(text), file + " " + stream.usage());
            assertNotNull(stream.finishReason(), file.toString());
            assertTrue(
                    stream.sawToken() || "refusal".equals(stream.finishReason()), file.toString());
        } else {
            assertInstanceOf(End.Broken.class, end, file + " " + end);
        }
    }

    private static void checkCut(Path file, Dialect dialect, byte[] bytes, int cut) {
        var stream = new SameBridge(dialect).stream(terms(dialect));
        var out = new ByteArrayOutputStream();
        stream.feed(bytes, 0, cut, out::write);
        stream.feed(bytes, cut, bytes.length - cut, out::write);
        assertEquals(
                new String(bytes, StandardCharsets.UTF_8),
                out.toString(StandardCharsets.UTF_8),
                file + " at " + cut);
    }

    /** Some fixtures are several streams, one behind the other. */
    private static boolean hasSeveralAnswers(String text) {
        return count(text, "\"type\":\"message_start\"") > 1
                || count(text, "\"type\":\"response.completed\"") > 1;
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    /** Some fixtures are the first part of a stream. */
    private static boolean isWhole(Dialect dialect, String text) {
        return switch (dialect) {
            case OPENAI_CHAT -> text.matches("(?s).*\"finish_reason\": ?\"\\w+\".*");
            case OPENAI_RESPONSES ->
                    text.contains("\"type\":\"response.completed\"")
                            || text.contains("\"type\":\"response.incomplete\"");
            case ANTHROPIC -> text.contains("\"type\":\"message_stop\"");
            case GEMINI -> text.matches("(?s).*\"finishReason\": ?\"\\w+\".*");
        };
    }

    private static String framed(Dialect dialect, List<String> chunks) {
        var stream = new StringBuilder();
        for (var chunk : chunks) {
            stream.append("data: ").append(chunk).append("\n\n");
        }
        if (dialect == Dialect.OPENAI_CHAT && isWhole(dialect, stream.toString())) {
            stream.append("data: [DONE]\n\n");
        }
        return stream.toString();
    }

    private static @Nullable Dialect dialect(JsonNode node) {
        var type = node.path("type").asText();
        if (type.startsWith("response.")) {
            return Dialect.OPENAI_RESPONSES;
        }
        if (type.equals("message_start")) {
            return Dialect.ANTHROPIC;
        }
        if (node.has("candidates") || node.has("usageMetadata")) {
            return Dialect.GEMINI;
        }
        return node.path("object").asText().equals("chat.completion.chunk")
                ? Dialect.OPENAI_CHAT
                : null;
    }

    private static List<Path> files() throws IOException {
        try (var files = Files.walk(Corpus.folder().resolve("fixtures"))) {
            return files.filter(f -> f.toString().endsWith(".chunks.txt")).sorted().toList();
        }
    }

    private static AnswerTerms terms(Dialect dialect) {
        var body =
                (dialect == Dialect.GEMINI
                                ? "{\"contents\":[{}]}"
                                : "{\"model\":\"m\",\"stream\":true,\"messages\":[],"
                                        + "\"stream_options\":{\"include_usage\":true}}")
                        .getBytes(StandardCharsets.UTF_8);
        var ingress = new Ingress(dialect, Operation.GENERATE, "m", true, true);
        var scan = assertInstanceOf(RequestScan.class, RequestScanner.scan(ingress, body));
        return new AnswerTerms(scan, body, null, true, "id", 0);
    }
}
