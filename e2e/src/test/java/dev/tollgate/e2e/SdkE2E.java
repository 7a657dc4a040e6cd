package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.genai.errors.ClientException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The official SDKs, each against providers of every dialect through one gateway. What an SDK says
 * of tokens, and what the record says of money, is what the provider's own bill says.
 */
class SdkE2E {

    private static final String TEXT = "Grüezi 東京 🚦 done";
    private static final String SCRIPT =
            Resources.PRICES
                    + """
                      default: {text: '%s', inputTokens: 30, cachedTokens: 4}
                      rules:
                        - when: {text: weather in, toolResult: false}
                          do: {inputTokens: 40, toolCalls: [{name: weather, arguments: {city: Zürich}, pieces: 3}]}
                        - when: {toolResult: true}
                          do: {inputTokens: 50, text: 'It is sunny.'}
                      """
                            .formatted(TEXT);
    private static final String POOR_KEY = "tg-1123456789012345678901234567890123456789abc";

    enum Shape {
        OPENAI("openai", "gpt-4o-mini"),
        ANTHROPIC("anthropic", "claude-haiku-4-5"),
        GEMINI("gemini", "gemini-2.5-flash");

        private final String dialect;
        private final String model;

        Shape(String dialect, String model) {
            this.dialect = dialect;
            this.model = model;
        }

        Sdk sdk(String key) throws Exception {
            return switch (this) {
                case OPENAI -> new OpenAiSdk(gateway.url(), key);
                case ANTHROPIC -> new AnthropicSdk(gateway.url(), key);
                case GEMINI -> new GeminiSdk(gateway.url(), key);
            };
        }
    }

    @TempDir static Path folder;
    static final Map<Shape, SimulatedProvider> PROVIDERS = new EnumMap<>(Shape.class);
    static Standalone gateway;

    @BeforeAll
    static void start() throws Exception {
        for (var shape : Shape.values()) {
            PROVIDERS.put(shape, SimulatedProvider.start(shape.dialect, SCRIPT, folder));
        }
        var resources =
                Resources.namespace("team-a")
                        + Resources.namespace("team-b")
                        + Resources.secret("tollgate-system", "keys", "sk-simulated")
                        + Resources.clientKey("team-a", Standalone.KEY)
                        + Resources.clientKey("team-b", POOR_KEY)
                        + Resources.budget("team-a", "ample", "100.00")
                        + Resources.budget("team-b", "tiny", "0.000002")
                        + shared("openai", "OpenAI", Shape.OPENAI, "/v1")
                        + shared("anthropic", "Anthropic", Shape.ANTHROPIC, "")
                        + shared("gemini", "Gemini", Shape.GEMINI, "/v1beta");
        gateway = Standalone.serve(folder, resources);
    }

    private static String shared(String name, String type, Shape shape, String path) {
        return Resources.provider(
                "tollgate-system",
                name,
                type,
                PROVIDERS.get(shape).url() + path,
                List.of(shape.model),
                "allowedNamespaces: {from: All}");
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
        for (var provider : PROVIDERS.values()) {
            provider.close();
        }
    }

    static List<Arguments> everyClientAndProvider() {
        var all = new ArrayList<Arguments>();
        for (var client : Shape.values()) {
            for (var provider : Shape.values()) {
                all.add(Arguments.of(client, provider));
            }
        }
        return all;
    }

    @ParameterizedTest(name = "{0} client, {1} provider")
    @MethodSource("everyClientAndProvider")
    void takesPlainAnswers(Shape client, Shape provider) throws Exception {
        try (var sdk = client.sdk(Standalone.KEY)) {
            var meter = new Meter(provider);
            var answer = sdk.plain(provider.model);
            assertThat(answer.text()).isEqualTo(TEXT);
            meter.agrees(answer, 1);
        }
    }

    @ParameterizedTest(name = "{0} client, {1} provider")
    @MethodSource("everyClientAndProvider")
    void takesStreams(Shape client, Shape provider) throws Exception {
        try (var sdk = client.sdk(Standalone.KEY)) {
            var meter = new Meter(provider);
            var answer = sdk.stream(provider.model);
            assertThat(answer.text()).isEqualTo(TEXT);
            meter.agrees(answer, 1);
        }
    }

    @ParameterizedTest(name = "{0} client, {1} provider")
    @MethodSource("everyClientAndProvider")
    void callsToolsAndGivesTheirResults(Shape client, Shape provider) throws Exception {
        for (boolean stream : new boolean[] {false, true}) {
            try (var sdk = client.sdk(Standalone.KEY)) {
                var meter = new Meter(provider);
                var answer = sdk.toolTurn(provider.model, stream);
                assertThat(answer.text()).isEqualTo("It is sunny.");
                assertThat(answer.calledWith()).contains("Zürich");
                meter.agrees(answer, 2);
                assertThat(PROVIDERS.get(provider).requests().getLast().get("body").asText())
                        .contains(Sdk.TOOL_RESULT);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void listsTheModelsThatItMayAskFor(Shape client) throws Exception {
        try (var sdk = client.sdk(Standalone.KEY)) {
            assertThat(sdk.models())
                    .containsExactlyInAnyOrder(
                            Shape.OPENAI.model, Shape.ANTHROPIC.model, Shape.GEMINI.model);
        }
    }

    @ParameterizedTest
    @EnumSource
    void raisesItsOwnNotFoundForAnUnknownModel(Shape client) throws Exception {
        try (var sdk = client.sdk(Standalone.KEY)) {
            assertRefused(
                    client,
                    404,
                    com.openai.errors.NotFoundException.class,
                    com.anthropic.errors.NotFoundException.class,
                    () -> sdk.plain("gpt-17"),
                    "gpt-17");
            assertRefused(
                    client,
                    404,
                    com.openai.errors.NotFoundException.class,
                    com.anthropic.errors.NotFoundException.class,
                    () -> sdk.stream("gpt-17"),
                    "gpt-17");
        }
    }

    @ParameterizedTest
    @EnumSource
    void raisesItsOwnUnauthorizedForABadKey(Shape client) throws Exception {
        try (var sdk = client.sdk("tg-nobody-knows-this-key")) {
            assertRefused(
                    client,
                    401,
                    com.openai.errors.UnauthorizedException.class,
                    com.anthropic.errors.UnauthorizedException.class,
                    () -> sdk.plain(client.model),
                    "key");
        }
    }

    @ParameterizedTest
    @EnumSource
    void raisesItsOwnRateLimitWhenTheBudgetIsSpent(Shape client) throws Exception {
        try (var sdk = client.sdk(POOR_KEY)) {
            assertRefused(
                    client,
                    429,
                    com.openai.errors.RateLimitException.class,
                    com.anthropic.errors.RateLimitException.class,
                    () -> sdk.plain(client.model),
                    "team-b/tiny");
            assertRefused(
                    client,
                    429,
                    com.openai.errors.RateLimitException.class,
                    com.anthropic.errors.RateLimitException.class,
                    () -> sdk.stream(client.model),
                    "team-b/tiny");
        }
    }

    private static void assertRefused(
            Shape client,
            int status,
            Class<? extends com.openai.errors.OpenAIServiceException> openai,
            Class<? extends com.anthropic.errors.AnthropicServiceException> anthropic,
            ThrowingCallable call,
            String told) {
        var thrown = assertThatThrownBy(call).hasMessageContaining(told);
        switch (client) {
            case OPENAI ->
                    thrown.isInstanceOfSatisfying(
                            openai, e -> assertThat(e.statusCode()).isEqualTo(status));
            case ANTHROPIC ->
                    thrown.isInstanceOfSatisfying(
                            anthropic, e -> assertThat(e.statusCode()).isEqualTo(status));
            case GEMINI ->
                    thrown.isInstanceOfSatisfying(
                            ClientException.class, e -> assertThat(e.code()).isEqualTo(status));
        }
    }

    /** Compares what one provider billed from now on with the answers and the records. */
    private static final class Meter {
        private final SimulatedProvider provider;
        private final String model;
        private final int callsBefore;
        private final int recordsBefore;

        Meter(Shape provider) throws Exception {
            this.provider = PROVIDERS.get(provider);
            this.model = provider.model;
            this.callsBefore = this.provider.calls().size();
            this.recordsBefore = attempted().size();
        }

        void agrees(Sdk.Answer last, int requests) throws Exception {
            var calls = provider.calls().subList(callsBefore, callsBefore + requests);
            assertThat(provider.calls()).hasSize(callsBefore + requests);
            await().until(() -> attempted().size() == recordsBefore + requests);
            var records = attempted().subList(recordsBefore, recordsBefore + requests);
            for (int i = 0; i < requests; i++) {
                agree(records.get(i), calls.get(i));
            }
            var tokens = calls.getLast().get("tokens");
            assertThat(last.inputTokens()).isEqualTo(tokens.get("input").asLong());
            assertThat(last.outputTokens()).isEqualTo(tokens.get("output").asLong());
        }

        /** The records that a provider's bill is held against: one of a refusal may come late. */
        private static List<JsonNode> attempted() throws IOException {
            return gateway.records().stream()
                    .filter(record -> !record.get("attempts").isEmpty())
                    .toList();
        }

        private void agree(JsonNode record, JsonNode call) {
            var tokens = call.get("tokens");
            assertThat(record.get("input_tokens").asLong()).isEqualTo(tokens.get("input").asLong());
            assertThat(record.get("cache_read_tokens").asLong())
                    .isEqualTo(tokens.get("cached").asLong());
            assertThat(record.get("output_tokens").asLong())
                    .isEqualTo(tokens.get("output").asLong());
            assertThat(Standalone.nanos(record)).isPositive().isEqualTo(call.get("nanos").asLong());
            assertThat(record.get("team").asText()).isEqualTo("team-a");
            assertThat(record.get("model").asText()).isEqualTo(model);
            assertThat(record.get("outcome").asText()).isEqualTo("ok");
            assertThat(record.get("budgets")).extracting(JsonNode::asText).contains("team-a/ample");
        }
    }
}
