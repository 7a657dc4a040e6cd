package dev.tollgate.dialects;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tollgate.dialects.scan.IngressPath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * Recorded traffic of real providers, which the project does not contain: the folder that the
 * system property {@code tollgate.corpus} or the environment variable {@code TOLLGATE_CORPUS}
 * names. Tests that need it are skipped, saying so, where neither does.
 */
public final class Corpus {
    public static final JsonMapper JSON = new JsonMapper();

    private Corpus() {}

    /** One recorded exchange. */
    public record Exchange(String file, String provider, Ingress ingress, JsonNode recorded) {
        public byte[] request() {
            return bytes(recorded.path("request"));
        }

        public int status() {
            return recorded.path("status").asInt();
        }

        public byte @Nullable [] response() {
            return recorded.has("response") ? bytes(recorded.path("response")) : null;
        }

        public byte @Nullable [] sse() {
            return recorded.has("sse")
                    ? recorded.path("sse").asText().getBytes(StandardCharsets.UTF_8)
                    : null;
        }
    }

    public static Path folder() {
        var named = System.getProperty("tollgate.corpus", System.getenv("TOLLGATE_CORPUS"));
        Assumptions.assumeTrue(
                named != null && Files.isDirectory(Path.of(named)),
                "skipped: no corpus of recorded traffic (system property tollgate.corpus)");
        return Path.of(named);
    }

    /** All exchanges whose endpoint is one of the data port's. */
    public static List<Exchange> exchanges() {
        try (Stream<Path> files = Files.walk(folder().resolve("recorded"))) {
            return files.filter(f -> f.toString().endsWith(".json"))
                    .sorted()
                    .map(Corpus::exchange)
                    .filter(e -> e.ingress() != null)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Exchange exchange(Path file) {
        try {
            var recorded = JSON.readTree(file.toFile());
            var uri = URI.create(recorded.path("url").asText());
            return new Exchange(
                    file.getParent().getFileName() + "/" + file.getFileName(),
                    recorded.path("provider").asText(),
                    ingress(uri),
                    recorded);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The endpoint of ours that a provider's URL stands for, null if there is none. */
    private static @Nullable Ingress ingress(URI uri) {
        var path = uri.getRawPath();
        for (var known :
                List.of(
                        "/chat/completions",
                        "/responses",
                        "/embeddings",
                        "/messages",
                        "/messages/count_tokens")) {
            if (path.endsWith(known)) {
                return IngressPath.parse("POST", "/v1" + known, uri.getRawQuery(), false);
            }
        }
        int models = path.indexOf("/models/");
        return models < 0 || path.indexOf(':') < 0
                ? null
                : IngressPath.parse(
                        "POST", "/v1beta" + path.substring(models), uri.getRawQuery(), false);
    }

    private static byte[] bytes(JsonNode node) {
        try {
            return JSON.writeValueAsBytes(node);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
