package dev.tollgate.dataplane.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.AnswerTerms;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a provider was recorded to answer. Its preset leaves such requests alone, so nothing is
 * called a deviation that is none; and its answers are read and priced.
 */
class RecordedRequestsTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Path CORPUS =
            Path.of(System.getProperty("tollgate.corpus", "corpus"), "recorded");
    private static final Bridge BRIDGE =
            Bridge.between(Dialect.OPENAI_CHAT, Dialect.OPENAI_CHAT, Operation.GENERATE);

    @ParameterizedTest
    @CsvSource({
        "groq, groq, 30",
        "mistral, mistral, 25",
        "cerebras, cerebras, 3",
        "deepseek, deepseek, 1",
        "openrouter, openrouter, 20"
    })
    void whatTheProviderTookIsNotChanged(String recorded, String preset, int least)
            throws IOException {
        assumeTrue(Files.isDirectory(CORPUS), "skipped: no recorded traffic at " + CORPUS);
        var provider = Examples.provider(Examples.FOLDER.resolve(preset + ".yaml"));
        int checked = 0;
        for (var file : files(recorded)) {
            var exchange = JSON.readTree(file.toFile());
            if (exchange.path("status").asInt() != 200
                    || !exchange.path("request").has("messages")
                    || !exchange.path("url").asText().endsWith("/chat/completions")) {
                continue;
            }
            var request = (ObjectNode) exchange.path("request");
            var body = JSON.writeValueAsBytes(request);
            var ingress = new Ingress(Dialect.OPENAI_CHAT, Operation.GENERATE, null, false, false);
            var scan = (RequestScan) RequestScanner.scan(ingress, body);
            var outbound =
                    BRIDGE.request(
                            scan,
                            body,
                            new RequestTerms(
                                    request.path("model").asText(),
                                    OptionalLong.empty(),
                                    OptionalLong.empty(),
                                    provider.quirks()));
            assertThat(outbound).as(file.toString()).isInstanceOf(Outbound.Ready.class);
            var ready = (Outbound.Ready) outbound;
            assertThat(ready.dropped()).as(file.toString()).isEmpty();
            assertThat(withoutOurs(JSON.readTree(ready.body())))
                    .as(file.toString())
                    .isEqualTo(withoutOurs(request));
            if (exchange.has("response")) {
                answered(file, scan, body, exchange.path("response"));
            }
            checked++;
        }
        assertThat(checked).isGreaterThanOrEqualTo(least);
    }

    private static void answered(Path file, RequestScan scan, byte[] body, JsonNode response)
            throws IOException {
        var read =
                BRIDGE.answer(
                        JSON.writeValueAsBytes(response),
                        new AnswerTerms(scan, body, null, true, "id", 0));
        assertThat(read).as(file.toString()).isInstanceOf(AnswerRead.Read.class);
        var usage = ((AnswerRead.Read) read).usage();
        assertThat(usage).as(file.toString()).isNotNull();
        var said = response.path("usage");
        assertThat(usage.input()).isEqualTo(said.path("prompt_tokens").asLong());
        assertThat(usage.output()).isGreaterThanOrEqualTo(said.path("completion_tokens").asLong());
    }

    /** Without what the gateway itself writes: the wish for usage, the limit's older name. */
    private static JsonNode withoutOurs(JsonNode request) {
        var copy = (ObjectNode) request.deepCopy();
        copy.remove("stream_options");
        if (copy.has("max_completion_tokens")) {
            copy.remove("max_tokens");
        }
        return copy;
    }

    private static List<Path> files(String provider) throws IOException {
        try (var files = Files.list(CORPUS.resolve(provider))) {
            return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
        }
    }
}
