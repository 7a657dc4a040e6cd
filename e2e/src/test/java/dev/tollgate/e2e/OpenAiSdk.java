package dev.tollgate.e2e;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import java.util.List;
import java.util.Map;

/** com.openai:openai-java over chat completions. */
final class OpenAiSdk implements Sdk {

    private final OpenAIClient client;

    OpenAiSdk(String gateway, String key) {
        client =
                OpenAIOkHttpClient.builder()
                        .baseUrl(gateway + "/v1")
                        .apiKey(key)
                        .maxRetries(0)
                        .build();
    }

    @Override
    public Answer plain(String model) {
        return answer(client.chat().completions().create(question(model).build()).validate(), "");
    }

    @Override
    public Answer stream(String model) {
        return answer(streamed(question(model).build()), "");
    }

    @Override
    public Answer toolTurn(String model, boolean stream) {
        var asking =
                question(model)
                        .addUserMessage("How is the weather in Zürich?")
                        .addTool(
                                ChatCompletionFunctionTool.builder()
                                        .function(
                                                FunctionDefinition.builder()
                                                        .name("weather")
                                                        .description("The weather of a city")
                                                        .parameters(parameters())
                                                        .build())
                                        .build());
        var first = complete(asking.build(), stream);
        var message = first.choices().getFirst().message();
        var call = message.toolCalls().orElseThrow().getFirst().asFunction();
        if (!call.function().name().equals("weather")
                || !first.choices().getFirst().finishReason().asString().equals("tool_calls")) {
            throw new AssertionError("no call of the tool: " + first);
        }
        asking.addMessage(message);
        asking.addMessage(
                ChatCompletionToolMessageParam.builder()
                        .toolCallId(call.id())
                        .content(TOOL_RESULT)
                        .build());
        return answer(complete(asking.build(), stream), call.function().arguments());
    }

    @Override
    public List<String> models() {
        return client.models().list().data().stream().map(model -> model.validate().id()).toList();
    }

    private ChatCompletion complete(ChatCompletionCreateParams params, boolean stream) {
        return stream ? streamed(params) : client.chat().completions().create(params).validate();
    }

    private ChatCompletion streamed(ChatCompletionCreateParams params) {
        var whole = ChatCompletionAccumulator.create();
        var withUsage =
                params.toBuilder()
                        .streamOptions(
                                ChatCompletionStreamOptions.builder().includeUsage(true).build())
                        .build();
        try (var chunks = client.chat().completions().createStreaming(withUsage)) {
            chunks.stream().peek(chunk -> chunk.validate()).forEach(whole::accumulate);
        }
        return whole.chatCompletion();
    }

    private static ChatCompletionCreateParams.Builder question(String model) {
        return ChatCompletionCreateParams.builder()
                .model(model)
                .maxCompletionTokens(200)
                .addSystemMessage("You are brief.")
                .addUserMessage("What is a tollgate?");
    }

    private static FunctionParameters parameters() {
        return FunctionParameters.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty(
                        "properties", JsonValue.from(Map.of("city", Map.of("type", "string"))))
                .putAdditionalProperty("required", JsonValue.from(List.of("city")))
                .build();
    }

    private static Answer answer(ChatCompletion completion, String calledWith) {
        var usage = completion.usage().orElseThrow();
        return new Answer(
                completion.choices().getFirst().message().content().orElse(""),
                usage.promptTokens(),
                usage.completionTokens(),
                calledWith);
    }

    @Override
    public void close() {
        client.close();
    }
}
