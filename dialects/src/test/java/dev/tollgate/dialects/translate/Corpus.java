package dev.tollgate.dialects.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;

/** Recorded exchanges and fixtures, where they are. */
final class Corpus {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One recorded exchange of status 200. Exactly one of answer and stream is there. */
    record Exchange(
            String name, Dialect dialect, ObjectNode request, ObjectNode answer, byte[] stream) {}

    /** The first event of a stream: files may hold several streams in a row. */
    private static final Set<String> FIRST = Set.of("message_start", "response.created");

    private Corpus() {}

    static Path root() {
        var root = System.getProperty("tollgate.corpus", "");
        Assumptions.assumeTrue(
                !root.isEmpty() && Files.isDirectory(Path.of(root)),
                "no recorded traffic: the system property tollgate.corpus names no folder");
        return Path.of(root);
    }

    static List<Exchange> recorded() {
        var exchanges = new ArrayList<Exchange>();
        for (var file : files("recorded", ".json")) {
            var json = read(file);
            var dialect = dialect(json.path("url").asText());
            if (dialect == null || json.path("status").asInt() != 200) {
                continue;
            }
            var stream = json.path("sse");
            if (stream.isMissingNode() && !json.path("response").isObject()) {
                continue;
            }
            var status = json.path("response").path("status").asText();
            boolean begun = status.equals("queued") || status.equals("in_progress");
            exchanges.add(
                    new Exchange(
                            name(file),
                            dialect,
                            json.path("request") instanceof ObjectNode r ? r : null,
                            json.path("response") instanceof ObjectNode r && !begun ? r : null,
                            stream.isTextual()
                                    ? stream.textValue().getBytes(StandardCharsets.UTF_8)
                                    : null));
        }
        return exchanges;
    }

    /** Answers without requests. Files that hold other things are left out by their shape. */
    static List<Exchange> fixtures() {
        var exchanges = new ArrayList<Exchange>();
        for (var file : files("fixtures", ".json")) {
            var json = read(file);
            var dialect = json instanceof ObjectNode object ? shape(object) : null;
            if (dialect != null) {
                exchanges.add(new Exchange(name(file), dialect, null, (ObjectNode) json, null));
            }
        }
        for (var file : files("fixtures", ".chunks.txt")) {
            stream(file, exchanges);
        }
        return exchanges;
    }

    private static void stream(Path file, List<Exchange> exchanges) {
        var sse = new StringBuilder();
        Dialect dialect = null;
        try (var parser = JSON.createParser(file.toFile())) {
            var values = JSON.readerFor(JsonNode.class).<JsonNode>readValues(parser);
            while (values.hasNextValue()) {
                var json = values.nextValue();
                if (!(json instanceof ObjectNode object)) {
                    return;
                }
                if (dialect == null) {
                    dialect = streamShape(object);
                }
                if (FIRST.contains(object.path("type").asText()) && !sse.isEmpty()) {
                    add(file, dialect, sse, exchanges);
                }
                if (object.has("type") && dialect != Dialect.OPENAI_CHAT) {
                    sse.append("event: ").append(object.path("type").asText()).append("\n");
                }
                sse.append("data: ").append(json).append("\n\n");
            }
        } catch (IOException broken) {
            return;
        }
        add(file, dialect, sse, exchanges);
    }

    private static void add(
            Path file, Dialect dialect, StringBuilder sse, List<Exchange> exchanges) {
        if (dialect != null) {
            if (dialect == Dialect.OPENAI_CHAT) {
                sse.append("data: [DONE]\n\n");
            }
            var bytes = sse.toString().getBytes(StandardCharsets.UTF_8);
            exchanges.add(new Exchange(name(file), dialect, null, null, bytes));
        }
        sse.setLength(0);
    }

    private static Dialect dialect(String url) {
        if (url.contains("/chat/completions")) {
            return Dialect.OPENAI_CHAT;
        }
        if (url.endsWith("/responses")) {
            return Dialect.OPENAI_RESPONSES;
        }
        if (url.contains("/v1/messages?") || url.endsWith("/invoke")) {
            return Dialect.ANTHROPIC;
        }
        return url.contains("enerateContent") ? Dialect.GEMINI : null;
    }

    private static Dialect shape(ObjectNode answer) {
        if (answer.path("choices").path(0).path("message").isObject()) {
            return Dialect.OPENAI_CHAT;
        }
        if (answer.path("object").asText().equals("response") && answer.has("output")) {
            return Dialect.OPENAI_RESPONSES;
        }
        if (answer.path("type").asText().equals("message") && answer.has("stop_reason")) {
            return Dialect.ANTHROPIC;
        }
        return answer.path("candidates").isArray() ? Dialect.GEMINI : null;
    }

    private static Dialect streamShape(ObjectNode event) {
        if (event.path("choices").isArray()) {
            return Dialect.OPENAI_CHAT;
        }
        if (event.path("type").asText().startsWith("response.")) {
            return Dialect.OPENAI_RESPONSES;
        }
        if (event.path("type").asText().equals("message_start")) {
            return Dialect.ANTHROPIC;
        }
        return event.path("candidates").isArray() ? Dialect.GEMINI : null;
    }

    private static JsonNode read(Path file) {
        try {
            return JSON.readTree(file.toFile());
        } catch (IOException noJson) {
            return JSON.missingNode();
        }
    }

    private static String name(Path file) {
        return file.getParent().getFileName() + "/" + file.getFileName();
    }

    private static List<Path> files(String folder, String suffix) {
        try (var walk = Files.walk(root().resolve(folder))) {
            return walk.filter(each -> each.toString().endsWith(suffix)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
