package dev.tollgate.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.google.genai.Client;
import com.google.genai.types.Content;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.HttpOptions;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.RateLimitException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.responses.ResponseCreateParams;
import dev.tollgate.simulator.script.Dialect;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The official Java SDKs take every answer as their own provider's, with all fields they demand.
 */
class OfficialSdksTest {
    @RegisterExtension static final RunningSimulators SIMULATORS = new RunningSimulators();

    private static final String TEXT = "default: {text: 'Grüezi 東京 🚦 done', inputTokens: 11}";
    private static final String TOOLS =
            """
            default:
              reasoningTokens: 5
              cachedTokens: 2
              toolCalls:
                - {name: weather, arguments: {city: Zürich, days: 3}, pieces: 4}
                - {name: time, arguments: {zone: "Europe/Zurich"}}
                - {name: ping}
            """;

    private static OpenAIClient openAi(Simulator simulator) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(simulator.url() + "/v1")
                .apiKey(RunningSimulators.KEY)
                .maxRetries(0)
                .build();
    }

    private static AnthropicClient anthropic(Simulator simulator) {
        return AnthropicOkHttpClient.builder()
                .baseUrl(simulator.url())
                .apiKey(RunningSimulators.KEY)
                .maxRetries(0)
                .build();
    }

    private static Client gemini(Simulator simulator) {
        return Client.builder()
                .apiKey(RunningSimulators.KEY)
                .httpOptions(HttpOptions.builder().baseUrl(simulator.url()).build())
                .build();
    }

    private static ChatCompletionCreateParams chat() {
        return ChatCompletionCreateParams.builder()
                .model("gpt-4o-mini")
                .addUserMessage("hello")
                .build();
    }

    private static ChatCompletionCreateParams chatWithUsage() {
        return chat().toBuilder()
                .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
    }

    private static MessageCreateParams message() {
        return MessageCreateParams.builder()
                .model("claude-haiku-4-5")
                .maxTokens(1000)
                .addUserMessage("hello")
                .build();
    }

    @Test
    void openAiSdkTakesPlainChat() {
        var simulator = SIMULATORS.start(Dialect.OPENAI, TEXT);
        var completion = openAi(simulator).chat().completions().create(chat()).validate();
        assertThat(completion.model()).isEqualTo("gpt-4o-mini");
        assertThat(completion.choices().getFirst().message().content())
                .hasValue("Grüezi 東京 🚦 done");
        assertThat(completion.usage().orElseThrow().promptTokens()).isEqualTo(11);
    }

    @Test
    void openAiSdkTakesStreamedChatWithUsageOnRequest() {
        var simulator = SIMULATORS.start(Dialect.OPENAI, TEXT);
        var whole = ChatCompletionAccumulator.create();
        try (var stream = openAi(simulator).chat().completions().createStreaming(chatWithUsage())) {
            stream.stream().peek(c -> c.validate()).forEach(whole::accumulate);
        }
        var completion = whole.chatCompletion();
        assertThat(completion.choices().getFirst().message().content())
                .hasValue("Grüezi 東京 🚦 done");
        assertThat(completion.usage().orElseThrow().promptTokens()).isEqualTo(11);
        assertThat(completion.usage().orElseThrow().completionTokens())
                .isEqualTo(simulator.calls().getFirst().tokens().output());
    }

    @Test
    void openAiSdkTakesParallelToolCallsPlainAndStreamed() {
        var simulator = SIMULATORS.start(Dialect.OPENAI, TOOLS + "  interleaveToolCalls: true\n");
        var client = openAi(simulator);
        var plain = client.chat().completions().create(chat()).validate();
        var whole = ChatCompletionAccumulator.create();
        try (var stream = client.chat().completions().createStreaming(chat())) {
            stream.stream().peek(c -> c.validate()).forEach(whole::accumulate);
        }
        for (var completion :
                new com.openai.models.chat.completions.ChatCompletion[] {
                    plain, whole.chatCompletion()
                }) {
            var calls = completion.choices().getFirst().message().toolCalls().orElseThrow();
            assertThat(calls)
                    .extracting(c -> c.asFunction().function().name())
                    .containsExactly("weather", "time", "ping");
            assertThat(calls)
                    .extracting(c -> c.asFunction().function().arguments())
                    .containsExactly(
                            "{\"city\":\"Zürich\",\"days\":3}",
                            "{\"zone\":\"Europe/Zurich\"}",
                            "{}");
            assertThat(completion.choices().getFirst().finishReason().asString())
                    .isEqualTo("tool_calls");
        }
    }

    @Test
    void openAiSdkTakesResponsesPlainAndStreamed() {
        var simulator = SIMULATORS.start(Dialect.OPENAI, TEXT);
        var client = openAi(simulator);
        var params = ResponseCreateParams.builder().model("gpt-5").input("hello").build();
        var plain = client.responses().create(params).validate();
        var whole = ResponseAccumulator.create();
        try (var stream = client.responses().createStreaming(params)) {
            stream.stream().peek(e -> e.validate()).forEach(whole::accumulate);
        }
        for (var response : new com.openai.models.responses.Response[] {plain, whole.response()}) {
            var text = response.output().getFirst().asMessage().content().getFirst();
            assertThat(text.asOutputText().text()).isEqualTo("Grüezi 東京 🚦 done");
            assertThat(response.usage().orElseThrow().inputTokens()).isEqualTo(11);
        }
    }

    @Test
    void openAiSdkTakesResponsesWithToolCalls() {
        var simulator = SIMULATORS.start(Dialect.OPENAI, TOOLS);
        var client = openAi(simulator);
        var params = ResponseCreateParams.builder().model("gpt-5").input("hello").build();
        var whole = ResponseAccumulator.create();
        try (var stream = client.responses().createStreaming(params)) {
            stream.stream().peek(e -> e.validate()).forEach(whole::accumulate);
        }
        assertThat(whole.response().output())
                .extracting(item -> item.asFunctionCall().name())
                .containsExactly("weather", "time", "ping");
        assertThat(client.responses().create(params).validate().output()).hasSize(3);
    }

    @Test
    void openAiSdkTakesEmbeddingsAndModels() {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "models: [gpt-4o-mini, text-embedding-3]");
        var client = openAi(simulator);
        var params =
                EmbeddingCreateParams.builder()
                        .model("text-embedding-3")
                        .dimensions(8)
                        .inputOfArrayOfStrings(java.util.List.of("a", "b"))
                        .build();
        var embeddings = client.embeddings().create(params).validate();
        assertThat(embeddings.data()).hasSize(2);
        assertThat(embeddings.data().getFirst().embedding()).hasSize(8);
        assertThat(client.models().list().data())
                .extracting(m -> m.validate().id())
                .containsExactly("gpt-4o-mini", "text-embedding-3");
    }

    @Test
    void openAiSdkSeesARateLimit() {
        var simulator =
                SIMULATORS.start(
                        Dialect.OPENAI, "default: {error: {status: 429, retryAfter: '7'}}");
        assertThatThrownBy(() -> openAi(simulator).chat().completions().create(chat()))
                .isInstanceOfSatisfying(
                        RateLimitException.class,
                        e -> {
                            assertThat(e.headers().values("retry-after")).containsExactly("7");
                            assertThat(e.code()).hasValue("rate_limit_exceeded");
                        });
    }

    @Test
    void anthropicSdkTakesPlainAndStreamedMessages() {
        var simulator = SIMULATORS.start(Dialect.ANTHROPIC, TEXT);
        var client = anthropic(simulator);
        var plain = client.messages().create(message()).validate();
        var whole = MessageAccumulator.create();
        try (var stream = client.messages().createStreaming(message())) {
            stream.stream().peek(e -> e.validate()).forEach(whole::accumulate);
        }
        for (var answer : new Message[] {plain, whole.message()}) {
            assertThat(answer.content().getFirst().asText().text()).isEqualTo("Grüezi 東京 🚦 done");
            assertThat(answer.usage().inputTokens()).isEqualTo(11);
            assertThat(answer.stopReason().orElseThrow().asString()).isEqualTo("end_turn");
            assertThat(answer.usage().outputTokens())
                    .isEqualTo(simulator.calls().getFirst().tokens().output());
        }
    }

    @Test
    void anthropicSdkTakesParallelToolCallsPlainAndStreamed() {
        var simulator = SIMULATORS.start(Dialect.ANTHROPIC, TOOLS);
        var client = anthropic(simulator);
        var plain = client.messages().create(message()).validate();
        var whole = MessageAccumulator.create();
        try (var stream = client.messages().createStreaming(message())) {
            stream.stream().peek(e -> e.validate()).forEach(whole::accumulate);
        }
        for (var answer : new Message[] {plain, whole.message()}) {
            assertThat(answer.content())
                    .extracting(block -> block.asToolUse().name())
                    .containsExactly("weather", "time", "ping");
            assertThat(answer.content().getFirst().asToolUse()._input().toString())
                    .contains("Zürich");
            assertThat(answer.stopReason().orElseThrow().asString()).isEqualTo("tool_use");
            assertThat(answer.usage().cacheReadInputTokens()).hasValue(2L);
        }
    }

    @Test
    void anthropicSdkTakesModelsAndTokenCounts() {
        var simulator = SIMULATORS.start(Dialect.ANTHROPIC, "models: [claude-haiku-4-5]");
        var client = anthropic(simulator);
        assertThat(client.models().list().items().getFirst().validate().id())
                .isEqualTo("claude-haiku-4-5");
        var params =
                MessageCountTokensParams.builder()
                        .model("claude-haiku-4-5")
                        .addUserMessage("twelve bytes")
                        .build();
        assertThat(client.messages().countTokens(params).validate().inputTokens()).isEqualTo(3);
        assertThat(simulator.bill().requests()).isZero();
    }

    @Test
    void geminiSdkTakesPlainAndStreamedContent() {
        var simulator = SIMULATORS.start(Dialect.GEMINI, TEXT);
        try (var client = gemini(simulator)) {
            var config = GenerateContentConfig.builder().maxOutputTokens(1000).build();
            var plain = client.models.generateContent("gemini-2.5-flash", "hello", config);
            assertThat(plain.text()).isEqualTo("Grüezi 東京 🚦 done");
            assertThat(plain.usageMetadata().orElseThrow().promptTokenCount()).hasValue(11);
            var text = new StringBuilder();
            GenerateContentResponse last = plain;
            try (var stream =
                    client.models.generateContentStream("gemini-2.5-flash", "hello", config)) {
                for (var chunk : stream) {
                    text.append(chunk.text());
                    last = chunk;
                }
            }
            assertThat(text).hasToString("Grüezi 東京 🚦 done");
            assertThat(last.finishReason().toString()).isEqualTo("STOP");
            assertThat(last.usageMetadata().orElseThrow().candidatesTokenCount())
                    .hasValue((int) simulator.calls().getFirst().tokens().output());
        }
    }

    @Test
    void geminiSdkTakesParallelToolCallsPlainAndStreamed() {
        var simulator = SIMULATORS.start(Dialect.GEMINI, TOOLS);
        try (var client = gemini(simulator)) {
            var plain = client.models.generateContent("gemini-2.5-flash", "hello", null);
            assertThat(plain.functionCalls())
                    .extracting(call -> call.name().orElseThrow())
                    .containsExactly("weather", "time", "ping");
            assertThat(plain.functionCalls().getFirst().args().orElseThrow())
                    .containsEntry("city", "Zürich");
            assertThat(plain.usageMetadata().orElseThrow().thoughtsTokenCount()).hasValue(5);
            var names = new ArrayList<String>();
            try (var stream =
                    client.models.generateContentStream("gemini-2.5-flash", "hello", null)) {
                for (var chunk : stream) {
                    if (chunk.functionCalls() != null) {
                        chunk.functionCalls().forEach(c -> names.add(c.name().orElseThrow()));
                    }
                }
            }
            assertThat(names).containsExactly("weather", "time", "ping");
        }
    }

    @Test
    void geminiSdkTakesModelsAndTokenCounts() {
        var simulator = SIMULATORS.start(Dialect.GEMINI, "models: [gemini-2.5-flash]");
        try (var client = gemini(simulator)) {
            var count = client.models.countTokens("gemini-2.5-flash", "twelve bytes", null);
            assertThat(count.totalTokens()).hasValue(3);
            var names = new ArrayList<String>();
            client.models.list(null).forEach(model -> names.add(model.name().orElseThrow()));
            assertThat(names).containsExactly("models/gemini-2.5-flash");
            assertThat(Content.fromParts().role()).isPresent();
        }
    }
}
