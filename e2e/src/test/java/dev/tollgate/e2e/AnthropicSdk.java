package dev.tollgate.e2e;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.ContentBlock;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolResultBlockParam;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** com.anthropic:anthropic-java over Messages. */
final class AnthropicSdk implements Sdk {

    private final AnthropicClient client;

    AnthropicSdk(String gateway, String key) {
        client = AnthropicOkHttpClient.builder().baseUrl(gateway).apiKey(key).maxRetries(0).build();
    }

    @Override
    public Answer plain(String model) {
        return answer(client.messages().create(question(model).build()).validate(), "");
    }

    @Override
    public Answer stream(String model) {
        return answer(streamed(question(model).build()), "");
    }

    @Override
    public Answer toolTurn(String model, boolean stream) {
        var asking =
                question(model)
                        .addAssistantMessage("A gate where one pays.")
                        .addUserMessage("How is the weather in Zürich?")
                        .addTool(
                                Tool.builder()
                                        .name("weather")
                                        .description("The weather of a city")
                                        .inputSchema(schema())
                                        .build());
        var first = complete(asking.build(), stream);
        var call =
                first.content().stream()
                        .filter(ContentBlock::isToolUse)
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("no call of the tool: " + first))
                        .asToolUse();
        if (!call.name().equals("weather")
                || !first.stopReason().orElseThrow().asString().equals("tool_use")) {
            throw new AssertionError("no call of the tool: " + first);
        }
        asking.addMessage(first);
        asking.addUserMessageOfContentBlockParams(
                List.of(
                        ContentBlockParam.ofToolResult(
                                ToolResultBlockParam.builder()
                                        .toolUseId(call.id())
                                        .content(TOOL_RESULT)
                                        .build())));
        return answer(complete(asking.build(), stream), call._input().toString());
    }

    @Override
    public List<String> models() {
        return client.models().list().items().stream().map(model -> model.validate().id()).toList();
    }

    private Message complete(MessageCreateParams params, boolean stream) {
        return stream ? streamed(params) : client.messages().create(params).validate();
    }

    private Message streamed(MessageCreateParams params) {
        var whole = MessageAccumulator.create();
        try (var events = client.messages().createStreaming(params)) {
            events.stream().peek(event -> event.validate()).forEach(whole::accumulate);
        }
        return whole.message();
    }

    private static MessageCreateParams.Builder question(String model) {
        return MessageCreateParams.builder()
                .model(model)
                .maxTokens(200)
                .system("You are brief.")
                .addUserMessage("What is a tollgate?");
    }

    private static Tool.InputSchema schema() {
        return Tool.InputSchema.builder()
                .properties(
                        Tool.InputSchema.Properties.builder()
                                .putAdditionalProperty(
                                        "city", JsonValue.from(Map.of("type", "string")))
                                .build())
                .addRequired("city")
                .build();
    }

    private static Answer answer(Message message, String calledWith) {
        var usage = message.usage();
        var text =
                message.content().stream()
                        .filter(ContentBlock::isText)
                        .map(block -> block.asText().text())
                        .collect(Collectors.joining());
        return new Answer(
                text,
                usage.inputTokens()
                        + usage.cacheReadInputTokens().orElse(0L)
                        + usage.cacheCreationInputTokens().orElse(0L),
                usage.outputTokens(),
                calledWith);
    }

    @Override
    public void close() {
        client.close();
    }
}
