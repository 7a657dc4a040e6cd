package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.genai.Client;
import com.google.genai.types.EmbedContentConfig;
import com.google.genai.types.HttpOptions;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.NotFoundException;
import com.openai.models.audio.speech.SpeechCreateParams;
import com.openai.models.audio.transcriptions.TranscriptionCreateParams;
import com.openai.models.embeddings.Embedding;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.images.ImageEditParams;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.images.ImagesResponse;
import com.openai.models.responses.inputtokens.InputTokenCountParams;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The official SDKs beyond text: embeddings and counts of tokens against providers of several
 * dialects, images and speech through endpoints that a provider declares.
 */
class EndpointsE2E {

    private static final String SCRIPT = "default: {inputTokens: 30}\n";
    private static final byte[] AUDIO = {0, -1, 13, 10, 45, 45, 7};

    private static final String PROVIDERS =
            """
            ---
            apiVersion: tollgate.dev/v1alpha1
            kind: ModelProvider
            metadata: {name: openai, namespace: team-a}
            spec:
              type: OpenAI
              endpoint: {url: "%s/v1"}
              auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}
              models:
              - {name: text-embedding-3-small, aliases: [openai-embedding, priced-embedding]}
              - {name: gpt-4o-mini, aliases: [openai-chat]}
            ---
            apiVersion: tollgate.dev/v1alpha1
            kind: ModelProvider
            metadata: {name: gemini, namespace: team-a}
            spec:
              type: Gemini
              endpoint: {url: "%s"}
              auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}
              models:
              - {name: gemini-embedding-001, aliases: [gemini-embedding]}
              - {name: gemini-2.5-flash, aliases: [gemini-chat]}
            ---
            apiVersion: tollgate.dev/v1alpha1
            kind: ModelProvider
            metadata: {name: anthropic, namespace: team-a}
            spec:
              type: Anthropic
              endpoint: {url: "%s"}
              auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}
              models:
              - {name: claude-haiku-4-5, aliases: [anthropic-chat]}
            ---
            apiVersion: tollgate.dev/v1alpha1
            kind: ModelProvider
            metadata: {name: media, namespace: team-a}
            spec:
              type: OpenAICompatible
              endpoint: {url: "%s/v1"}
              auth: {type: APIKey, apiKey: {secretRef: {name: keys}}}
              models:
              - {name: llama, aliases: [llama], pricing: {inputPer1M: "1", outputPer1M: "1"}}
              passThrough:
              - {path: /images/generations, pricePerRequest: "0.04", models: [{name: painter}]}
              - {path: /images/edits, pricePerRequest: "0.05", models: [{name: painter}]}
              - {path: /audio/speech, pricePerRequest: "0.01", models: [{name: speaker}]}
              - {path: /audio/transcriptions, pricePerRequest: "0.02", models: [{name: listener}]}
            """;

    @TempDir static Path folder;
    static SimulatedProvider openAi;
    static SimulatedProvider gemini;
    static SimulatedProvider anthropic;
    static HttpServer media;
    static final Map<String, String> SEEN = new ConcurrentHashMap<>();
    static Standalone gateway;
    static OpenAIClient client;
    static String url;

    @BeforeAll
    static void start() throws Exception {
        openAi = SimulatedProvider.start("openai", SCRIPT, folder);
        gemini = SimulatedProvider.start("gemini", SCRIPT, folder);
        anthropic = SimulatedProvider.start("anthropic", SCRIPT, folder);
        media = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        media.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        media.createContext("/", EndpointsE2E::answer);
        media.start();
        var resources =
                Resources.namespace("team-a")
                        + Resources.secret("team-a", "keys", "sk-simulated")
                        + Resources.clientKey("team-a", Standalone.KEY)
                        + Resources.budget("team-a", "ample", "100.00")
                        + PROVIDERS.formatted(
                                openAi.url(),
                                gemini.url(),
                                anthropic.url(),
                                "http://127.0.0.1:" + media.getAddress().getPort())
                        + Resources.route("team-a", "pictures", "media/painter")
                        + Resources.route("team-a", "voice", "media/speaker")
                        + Resources.route("team-a", "ears", "media/listener");
        gateway = Standalone.serve(folder, resources);
        url = gateway.url();
        client =
                OpenAIOkHttpClient.builder()
                        .baseUrl(url + "/v1")
                        .apiKey(Standalone.KEY)
                        .maxRetries(0)
                        .build();
    }

    @AfterAll
    static void stop() throws Exception {
        client.close();
        gateway.close();
        media.stop(0);
        openAi.close();
        gemini.close();
        anthropic.close();
    }

    private static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = exchange.getRequestBody().readAllBytes();
            var path = exchange.getRequestURI().getPath();
            SEEN.put(path, new String(body, StandardCharsets.ISO_8859_1));
            boolean speech = path.equals("/v1/audio/speech");
            var answer =
                    switch (path) {
                        case "/v1/images/generations", "/v1/images/edits" ->
                                "{\"created\":1,\"data\":[{\"b64_json\":\"AAEC\"}]}".getBytes();
                        case "/v1/audio/transcriptions" ->
                                "{\"text\":\"Grüezi\"}".getBytes(StandardCharsets.UTF_8);
                        default -> AUDIO;
                    };
            exchange.getResponseHeaders()
                    .add("content-type", speech ? "audio/mpeg" : "application/json");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        }
    }

    private static Client genAi() {
        return Client.builder()
                .apiKey(Standalone.KEY)
                .httpOptions(HttpOptions.builder().baseUrl(url).build())
                .build();
    }

    /** Makes one call for a model, no other of which is under way, and waits for its record. */
    private static JsonNode recorded(String model, Runnable call) throws IOException {
        int before = records(model).size();
        call.run();
        return await().until(() -> records(model), all -> all.size() > before).getLast();
    }

    private static List<JsonNode> records(String model) throws IOException {
        return gateway.records().stream()
                .filter(record -> record.get("model_requested").textValue().equals(model))
                .toList();
    }

    // ---- embeddings

    @ParameterizedTest
    @ValueSource(strings = {"openai-embedding", "gemini-embedding"})
    void openAisSdkTakesEmbeddings(String model) {
        var batch =
                client.embeddings()
                        .create(
                                EmbeddingCreateParams.builder()
                                        .model(model)
                                        .inputOfArrayOfStrings(List.of("one", "two"))
                                        .dimensions(8)
                                        .build())
                        .validate();
        assertThat(batch.data()).extracting(Embedding::index).containsExactly(0L, 1L);
        assertThat(batch.data()).allMatch(one -> one.embedding().size() == 8);
        assertThat(batch.usage().promptTokens()).isEqualTo(30);
        assertThat(batch.model()).isEqualTo(model);
        for (var format : EmbeddingCreateParams.EncodingFormat.Known.values()) {
            var single =
                    client.embeddings()
                            .create(
                                    EmbeddingCreateParams.builder()
                                            .model(model)
                                            .input("one")
                                            .encodingFormat(
                                                    EmbeddingCreateParams.EncodingFormat.of(
                                                            format.name()
                                                                    .toLowerCase(
                                                                            java.util.Locale.ROOT)))
                                            .dimensions(8)
                                            .build())
                            .validate();
            assertThat(single.data()).hasSize(1);
            for (int i = 0; i < 8; i++) {
                assertThat(single.data().getFirst().embedding().get(i))
                        .isCloseTo(batch.data().getFirst().embedding().get(i), within(1e-6f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai-embedding", "gemini-embedding"})
    void googlesSdkTakesEmbeddings(String model) {
        try (var genAi = genAi()) {
            var answer =
                    genAi.models.embedContent(
                            model,
                            List.of("one", "two"),
                            EmbedContentConfig.builder().outputDimensionality(8).build());
            var embeddings = answer.embeddings().orElseThrow();
            assertThat(embeddings).hasSize(2);
            assertThat(embeddings).allMatch(one -> one.values().orElseThrow().size() == 8);
        }
    }

    @Test
    void embeddingsCostTheirInput() throws Exception {
        var record =
                recorded(
                        "priced-embedding",
                        () ->
                                client.embeddings()
                                        .create(
                                                EmbeddingCreateParams.builder()
                                                        .model("priced-embedding")
                                                        .input("one")
                                                        .build()));
        assertThat(record.get("cost_usd").textValue()).as("30 x $0.02/M").isEqualTo("0.0000006");
        assertThat(record.get("input_tokens").longValue()).isEqualTo(30);
        assertThat(record.get("output_tokens").longValue()).isZero();
    }

    // ---- counts of tokens

    @ParameterizedTest
    @CsvSource({"anthropic-chat,true", "gemini-chat,true", "openai-chat,true", "llama,false"})
    void anthropicsSdkCountsTokens(String model, boolean exact) throws Exception {
        var counted = new long[1];
        var record =
                recorded(
                        model,
                        () -> {
                            try (var sdk = AnthropicCounts.open()) {
                                counted[0] = sdk.of(model, "What is a tollgate?");
                            }
                        });
        assertCount(counted[0], exact);
        assertThat(record.get("cost_usd").textValue()).isEqualTo("0");
    }

    @ParameterizedTest
    @CsvSource({"anthropic-chat,true", "gemini-chat,true", "openai-chat,true", "llama,false"})
    void openAisSdkCountsTokens(String model, boolean exact) throws Exception {
        var counted = new long[1];
        var record =
                recorded(
                        model,
                        () ->
                                counted[0] =
                                        client.responses()
                                                .inputTokens()
                                                .count(
                                                        InputTokenCountParams.builder()
                                                                .model(model)
                                                                .instructions("Be brief")
                                                                .input("What is a tollgate?")
                                                                .build())
                                                .validate()
                                                .inputTokens());
        assertCount(counted[0], exact);
        assertThat(record.get("cost_usd").textValue()).isEqualTo("0");
    }

    @Test
    void theListOfGeminiTellsWhatAModelMayBeAskedFor() throws Exception {
        var methods = new HashMap<String, JsonNode>();
        var request =
                HttpRequest.newBuilder(URI.create(url + "/v1beta/models"))
                        .header("x-goog-api-key", Standalone.KEY)
                        .build();
        try (var http = HttpClient.newHttpClient()) {
            var list = http.send(request, HttpResponse.BodyHandlers.ofString());
            for (var each : new ObjectMapper().readTree(list.body()).path("models")) {
                methods.put(each.path("name").asText(), each.path("supportedGenerationMethods"));
            }
        }
        assertThat(methods.get("models/gemini-chat"))
                .hasToString("[\"generateContent\",\"countTokens\"]");
        assertThat(methods.get("models/gemini-embedding"))
                .hasToString("[\"batchEmbedContents\",\"embedContent\"]");
    }

    /** com.anthropic:anthropic-java over count_tokens. */
    private record AnthropicCounts(AnthropicClient sdk) implements AutoCloseable {
        static AnthropicCounts open() {
            return new AnthropicCounts(
                    AnthropicOkHttpClient.builder()
                            .baseUrl(url)
                            .apiKey(Standalone.KEY)
                            .maxRetries(0)
                            .build());
        }

        long of(String model, String text) {
            return sdk.messages()
                    .countTokens(
                            MessageCountTokensParams.builder()
                                    .model(model)
                                    .system("Be brief")
                                    .addUserMessage(text)
                                    .build())
                    .validate()
                    .inputTokens();
        }

        @Override
        public void close() {
            sdk.close();
        }
    }

    private static void assertCount(long tokens, boolean exact) {
        if (exact) {
            assertThat(tokens).isEqualTo(30);
        } else {
            assertThat(tokens).isBetween(5L, 25L);
        }
    }

    @ParameterizedTest
    @CsvSource({"anthropic-chat,true", "gemini-chat,true", "openai-chat,true", "llama,false"})
    void googlesSdkCountsTokens(String model, boolean exact) throws Exception {
        var counted = new long[1];
        var record =
                recorded(
                        model,
                        () -> {
                            try (var genAi = genAi()) {
                                counted[0] =
                                        genAi.models
                                                .countTokens(model, "What is a tollgate?", null)
                                                .totalTokens()
                                                .orElseThrow();
                            }
                        });
        assertCount(counted[0], exact);
        assertThat(record.get("cost_usd").textValue()).isEqualTo("0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "/v1/messages/count_tokens;"
                        + " {'model':'llama','messages':[{'role':'robot','content':'a'}]}",
                "/v1/messages/count_tokens;"
                        + " {'model':'llama','messages':[{'role':'user','content':7}]}",
                "/v1beta/models/llama:countTokens; {'contents':[]}",
                "/v1beta/models/llama:countTokens; {'contents':[{'parts':[{'text':7}]}]}"
            })
    void whatACallWouldBeRefusedForHasNoEstimate(String path, String body) throws Exception {
        var answer = gateway.post(path, body.replace('\'', '"'));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body()).contains("\"error\"");
    }

    // ---- endpoints that a provider declares

    @Test
    void openAisSdkDrawsAtTheDeclaredPrice() throws Exception {
        var images = new ImagesResponse[1];
        var record =
                recorded(
                        "pictures",
                        () ->
                                images[0] =
                                        client.images()
                                                .generate(
                                                        ImageGenerateParams.builder()
                                                                .model("pictures")
                                                                .prompt("a tollgate")
                                                                .n(2)
                                                                .build()));
        assertThat(images[0].data().orElseThrow().getFirst().b64Json()).hasValue("AAEC");
        assertThat(SEEN.get("/v1/images/generations")).contains("\"painter\"");
        assertThat(record.get("cost_usd").textValue()).as("two pictures").isEqualTo("0.08");
        assertThat(record.get("endpoint").textValue()).isEqualTo("/images/generations");
        assertThat(record.get("n").intValue()).isEqualTo(2);
        assertThat(record.get("model").textValue()).isEqualTo("painter");
    }

    @Test
    void openAisSdkSpeaksAndListens() throws Exception {
        try (var speech =
                client.audio()
                        .speech()
                        .create(
                                SpeechCreateParams.builder()
                                        .model("voice")
                                        .voice("alloy")
                                        .input("Grüezi")
                                        .build())) {
            assertThat(speech.body().readAllBytes()).isEqualTo(AUDIO);
            assertThat(speech.headers().values("content-type")).containsExactly("audio/mpeg");
            assertThat(speech.headers().values("x-tollgate-cost-usd")).containsExactly("0.01");
        }
        var file = Files.write(folder.resolve("a.mp3"), AUDIO);
        var text = new String[1];
        var heard =
                recorded(
                        "ears",
                        () ->
                                text[0] =
                                        client.audio()
                                                .transcriptions()
                                                .create(
                                                        TranscriptionCreateParams.builder()
                                                                .model("ears")
                                                                .file(file)
                                                                .build())
                                                .asTranscription()
                                                .text());
        assertThat(text[0]).isEqualTo("Grüezi");
        assertThat(SEEN.get("/v1/audio/transcriptions"))
                .contains(new String(AUDIO, StandardCharsets.ISO_8859_1))
                .contains("listener")
                .doesNotContain("ears");
        assertThat(heard.get("cost_usd").textValue()).isEqualTo("0.02");
        var edited =
                recorded(
                        "pictures",
                        () ->
                                client.images()
                                        .edit(
                                                ImageEditParams.builder()
                                                        .model("pictures")
                                                        .prompt("more")
                                                        .image(file)
                                                        .n(2)
                                                        .build()));
        assertThat(edited.get("cost_usd").textValue()).isEqualTo("0.1");
    }

    @Test
    void anEndpointThatNobodyDeclaresIsNotThere() {
        assertThatThrownBy(
                        () ->
                                client.images()
                                        .createVariation(
                                                com.openai.models.images.ImageCreateVariationParams
                                                        .builder()
                                                        .model("pictures")
                                                        .image(AUDIO)
                                                        .build()))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("spec.passThrough");
    }
}
