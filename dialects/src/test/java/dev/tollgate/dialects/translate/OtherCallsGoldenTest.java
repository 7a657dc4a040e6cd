package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageTokensCount;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.genai.types.ContentEmbedding;
import com.google.genai.types.CountTokensResponse;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.responses.inputtokens.InputTokenCountParams;
import com.openai.models.responses.inputtokens.InputTokenCountResponse;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Samples;
import dev.tollgate.dialects.count.CountBridge;
import dev.tollgate.dialects.scan.RequestScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Counts and embeddings between dialects, as files: what the client sends ({@code client.json}),
 * what goes to the provider ({@code request.json}), what it answers ({@code provider.json}) and
 * what the client gets ({@code answer.json}). {@code -Dgolden.write=true} writes them anew.
 */
class OtherCallsGoldenTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");
    private static final boolean WRITE = Boolean.getBoolean("golden.write");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper OPENAI = com.openai.core.ObjectMappers.jsonMapper();
    private static final ObjectMapper ANTHROPIC = com.anthropic.core.ObjectMappers.jsonMapper();

    static Stream<Arguments> calls() {
        return Stream.of(
                count(Dialect.ANTHROPIC, Dialect.OPENAI_CHAT),
                count(Dialect.ANTHROPIC, Dialect.GEMINI),
                count(Dialect.GEMINI, Dialect.OPENAI_CHAT),
                count(Dialect.GEMINI, Dialect.ANTHROPIC),
                count(Dialect.OPENAI_RESPONSES, Dialect.OPENAI_CHAT),
                count(Dialect.OPENAI_RESPONSES, Dialect.ANTHROPIC),
                count(Dialect.OPENAI_RESPONSES, Dialect.GEMINI),
                embed("", Dialect.OPENAI_CHAT, Dialect.GEMINI, Operation.EMBED),
                embed("", Dialect.GEMINI, Dialect.OPENAI_CHAT, Operation.EMBED),
                embed("-one", Dialect.GEMINI, Dialect.OPENAI_CHAT, Operation.EMBED_ONE));
    }

    private static Arguments count(Dialect client, Dialect provider) {
        return Arguments.of(
                "counts/" + client.wireName() + "-to-" + provider.wireName(),
                client,
                provider,
                Operation.COUNT_TOKENS);
    }

    private static Arguments embed(
            String kind, Dialect client, Dialect provider, Operation operation) {
        return Arguments.of(
                "embeddings/" + client.wireName() + kind + "-to-" + provider.wireName(),
                client,
                provider,
                operation);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void theRequestIsThatOfTheFile(
            String folder, Dialect client, Dialect provider, Operation operation)
            throws IOException {
        var body = Files.readAllBytes(FOLDER.resolve(folder).resolve("client.json"));
        var quirks =
                provider == Dialect.OPENAI_CHAT && operation == Operation.COUNT_TOKENS
                        ? List.of(CountBridge.QUIRK_COUNTER)
                        : List.<String>of();
        var terms =
                new Bridge.RequestTerms(
                        model(provider, operation),
                        OptionalLong.empty(),
                        OptionalLong.of(64_000),
                        quirks);
        var out =
                bridge(client, provider, operation)
                        .request(scan(client, operation, body), body, terms);
        assertThat(out).isInstanceOf(Outbound.Ready.class);
        var ready = (Outbound.Ready) out;
        if (client != Dialect.OPENAI_RESPONSES || provider != Dialect.OPENAI_CHAT) {
            // between these two the client's own bytes pass
            check(provider, operation, ready.body());
        }
        var golden = JSON.createObjectNode();
        golden.set("dropped", JSON.valueToTree(ready.dropped()));
        golden.set("body", JSON.readTree(ready.body()));
        compare(folder, "request.json", golden);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void theAnswerIsThatOfTheFile(
            String folder, Dialect client, Dialect provider, Operation operation)
            throws IOException {
        var body = Files.readAllBytes(FOLDER.resolve(folder).resolve("client.json"));
        var answer = Files.readAllBytes(FOLDER.resolve(folder).resolve("provider.json"));
        var terms = Samples.answerTerms(scan(client, operation, body), body, false);
        var read = bridge(client, provider, operation).answer(answer, terms);
        assertThat(read).isInstanceOf(AnswerRead.Read.class);
        var told = ((AnswerRead.Read) read).body();
        checkAnswer(client, operation, told);
        compare(folder, "answer.json", JSON.readTree(told));
    }

    @Test
    void anEstimateForAResponsesClientIsAnAnswerOfItsDialect() throws IOException {
        var body = Wire.json("{'model':'m','input':'How many?','instructions':'Be brief'}");
        var out =
                bridge(Dialect.OPENAI_RESPONSES, Dialect.OPENAI_CHAT, Operation.COUNT_TOKENS)
                        .request(
                                scan(Dialect.OPENAI_RESPONSES, Operation.COUNT_TOKENS, body),
                                body,
                                Samples.terms(Dialect.OPENAI_CHAT));
        assertThat(out).isInstanceOf(Outbound.Answered.class);
        var answered = (Outbound.Answered) out;
        assertThat(answered.estimated()).containsExactly("input_tokens");
        checkAnswer(Dialect.OPENAI_RESPONSES, Operation.COUNT_TOKENS, answered.body());
        assertThat(JSON.readTree(answered.body()).path("input_tokens").asLong()).isGreaterThan(4);
    }

    @Test
    void aCountOfStateThatTheProviderKeepsGoesToOpenAiAlone() {
        var body = Wire.json("{'model':'m','input':'q','previous_response_id':'resp_1'}");
        var scan = scan(Dialect.OPENAI_RESPONSES, Operation.COUNT_TOKENS, body);
        for (var provider : List.of(Dialect.ANTHROPIC, Dialect.GEMINI, Dialect.OPENAI_CHAT)) {
            var out =
                    bridge(Dialect.OPENAI_RESPONSES, provider, Operation.COUNT_TOKENS)
                            .request(scan, body, Samples.terms(provider));
            assertThat(out).as(provider.wireName()).isInstanceOf(Outbound.Refused.class);
        }
        var counter =
                new Bridge.RequestTerms(
                        "m",
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        List.of(CountBridge.QUIRK_COUNTER));
        var out =
                bridge(Dialect.OPENAI_RESPONSES, Dialect.OPENAI_CHAT, Operation.COUNT_TOKENS)
                        .request(scan, body, counter);
        assertThat(out).isInstanceOf(Outbound.Ready.class);
        assertThat(((Outbound.Ready) out).body()).isEqualTo(body);
    }

    @Test
    void noFileIsLeftOver() throws IOException {
        for (var kind : List.of("counts", "embeddings")) {
            try (var folders = Files.list(FOLDER.resolve(kind))) {
                assertThat(folders.map(each -> kind + "/" + each.getFileName()))
                        .containsExactlyInAnyOrderElementsOf(
                                calls().map(each -> (String) each.get()[0])
                                        .filter(each -> each.startsWith(kind))
                                        .toList());
            }
        }
        for (var each : calls().toList()) {
            try (var files = Files.list(FOLDER.resolve((String) each.get()[0]))) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .containsExactlyInAnyOrder(
                                "answer.json", "client.json", "provider.json", "request.json");
            }
        }
    }

    private static String model(Dialect provider, Operation operation) {
        if (operation == Operation.COUNT_TOKENS) {
            return Samples.terms(provider).model();
        }
        return provider == Dialect.GEMINI ? "gemini-embedding-001" : "text-embedding-3-small";
    }

    private static Bridge bridge(Dialect client, Dialect provider, Operation operation) {
        var bridge = Bridge.between(client, provider, operation);
        assertThat(bridge).isNotNull();
        return bridge;
    }

    private static RequestScan scan(Dialect client, Operation operation, byte[] body) {
        var model = client == Dialect.GEMINI ? "assistant" : null;
        var scanned =
                RequestScanner.scan(new Ingress(client, operation, model, false, false), body);
        assertThat(scanned).isInstanceOf(RequestScan.class);
        return (RequestScan) scanned;
    }

    /** Fails if the provider's SDK would not write such a request. */
    private static void check(Dialect provider, Operation operation, byte[] body)
            throws IOException {
        boolean counts = operation == Operation.COUNT_TOKENS;
        switch (provider) {
            case OPENAI_CHAT, OPENAI_RESPONSES ->
                    StrictTypes.check(
                            counts
                                    ? OPENAI.readValue(body, InputTokenCountParams.Body.class)
                                    : OPENAI.readValue(body, EmbeddingCreateParams.Body.class));
            case ANTHROPIC ->
                    StrictTypes.check(
                            ANTHROPIC.readValue(body, MessageCountTokensParams.Body.class));
            case GEMINI -> {
                var json = JSON.readTree(body);
                assertThat(json.path(counts ? "generateContentRequest" : "requests")).isNotEmpty();
                if (counts) {
                    var whole = json.path("generateContentRequest");
                    SdkReader.request(Dialect.GEMINI, JSON.writeValueAsBytes(whole));
                }
            }
        }
    }

    private static void checkAnswer(Dialect client, Operation operation, byte[] body)
            throws IOException {
        switch (operation) {
            case COUNT_TOKENS -> {
                switch (client) {
                    case OPENAI_CHAT, OPENAI_RESPONSES ->
                            StrictTypes.check(
                                    OPENAI.readValue(body, InputTokenCountResponse.class));
                    case ANTHROPIC ->
                            StrictTypes.check(ANTHROPIC.readValue(body, MessageTokensCount.class));
                    case GEMINI ->
                            assertThat(
                                            CountTokensResponse.fromJson(
                                                            JSON.readTree(body).toString())
                                                    .totalTokens())
                                    .isPresent();
                }
            }
            case EMBED -> {
                if (client == Dialect.GEMINI) {
                    for (var each : JSON.readTree(body).path("embeddings")) {
                        assertThat(ContentEmbedding.fromJson(each.toString()).values()).isPresent();
                    }
                } else {
                    StrictTypes.check(OPENAI.readValue(body, CreateEmbeddingResponse.class));
                }
            }
            case EMBED_ONE -> {
                var one = JSON.readTree(body).path("embedding");
                assertThat(ContentEmbedding.fromJson(one.toString()).values()).isPresent();
            }
            case GENERATE, PASS, LIST_MODELS, GET_MODEL -> throw new AssertionError(operation);
        }
    }

    private static void compare(String folder, String name, Object json) throws IOException {
        var actual = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
        var file = FOLDER.resolve(folder).resolve(name);
        if (WRITE) {
            Files.writeString(file, actual);
        }
        assertThat(file).as("run once with -Dgolden.write=true, and read the diff").exists();
        assertThat(actual).isEqualTo(Files.readString(file));
    }
}
