package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.ContentBlock;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.genai.types.Content;
import com.google.genai.types.FinishReason;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.Tool;
import com.google.genai.types.ToolConfig;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStreamEvent;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.sse.SseParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads what was translated with the official SDK of its dialect. */
final class SdkReader {
    private static final ObjectMapper OPENAI = com.openai.core.ObjectMappers.jsonMapper();
    private static final ObjectMapper ANTHROPIC = com.anthropic.core.ObjectMappers.jsonMapper();
    private static final ObjectMapper PLAIN = new ObjectMapper();

    /**
     * What an application sees.
     *
     * @param calls name and arguments, arguments as JSON in canonical order
     */
    record Seen(
            String text, List<String> calls, String finish, long inputTokens, long outputTokens) {

        /** Without what the gateway says of a file that it could not carry. */
        Seen withoutNote() {
            var said = text.replaceAll("\\n\\n\\[The model also made a file [^]]+\\.]$", "");
            return new Seen(said, calls, finish, inputTokens, outputTokens);
        }
    }

    private SdkReader() {}

    static Seen answer(Dialect client, byte[] body) {
        try {
            return switch (client) {
                case OPENAI_CHAT -> chat(OPENAI.readValue(body, ChatCompletion.class));
                case ANTHROPIC -> message(ANTHROPIC.readValue(body, Message.class), true);
                case GEMINI -> gemini(List.of(text(body)));
                case OPENAI_RESPONSES -> response(OPENAI.readValue(body, Response.class));
            };
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    static Seen stream(Dialect client, byte[] stream) {
        try {
            return switch (client) {
                case OPENAI_CHAT -> chatStream(stream);
                case ANTHROPIC -> messageStream(stream);
                case GEMINI -> gemini(events(stream));
                case OPENAI_RESPONSES -> responseStream(stream);
            };
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Fails if a provider's SDK would not write such a request. */
    static void request(Dialect provider, byte[] body) {
        try {
            switch (provider) {
                case OPENAI_CHAT ->
                        StrictTypes.check(
                                OPENAI.readValue(body, ChatCompletionCreateParams.Body.class));
                case ANTHROPIC ->
                        StrictTypes.check(
                                ANTHROPIC.readValue(body, MessageCreateParams.Body.class));
                case GEMINI -> geminiRequest(PLAIN.readTree(body));
                case OPENAI_RESPONSES -> {
                    var request = OPENAI.readValue(body, ResponseCreateParams.Body.class);
                    StrictTypes.check(request);
                }
            }
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Seen chat(ChatCompletion answer) {
        StrictTypes.check(answer);
        var choice = answer.choices().getFirst();
        var message = choice.message();
        var calls = new ArrayList<String>();
        message.toolCalls()
                .ifPresent(
                        each ->
                                each.forEach(
                                        call ->
                                                calls.add(
                                                        call.isFunction()
                                                                ? call(
                                                                        call.asFunction()
                                                                                .function()
                                                                                .name(),
                                                                        call.asFunction()
                                                                                .function()
                                                                                .arguments())
                                                                : call.asCustom().custom().name()
                                                                        + call.asCustom()
                                                                                .custom()
                                                                                .input())));
        var usage = answer.usage();
        return new Seen(
                message.content().orElse("") + message.refusal().orElse(""),
                calls,
                choice.finishReason().asString(),
                usage.map(u -> u.promptTokens()).orElse(0L),
                usage.map(u -> u.completionTokens()).orElse(0L));
    }

    private static Seen chatStream(byte[] stream) throws java.io.IOException {
        var accumulator = ChatCompletionAccumulator.create();
        var events = events(stream);
        if (!events.getLast().equals("[DONE]")) {
            throw new AssertionError("no [DONE]: " + events.getLast());
        }
        for (var event : events.subList(0, events.size() - 1)) {
            var chunk = OPENAI.readValue(event, ChatCompletionChunk.class);
            StrictTypes.check(chunk);
            accumulator.accumulate(chunk);
        }
        return chat(accumulator.chatCompletion());
    }

    private static Seen message(Message message, boolean strict) {
        if (strict) {
            StrictTypes.check(message);
        }
        var text = new StringBuilder();
        var calls = new ArrayList<String>();
        for (ContentBlock block : message.content()) {
            block.text().ifPresent(each -> text.append(each.text()));
            block.toolUse()
                    .ifPresent(use -> calls.add(call(use.name(), json(use._input()).toString())));
        }
        var usage = message.usage();
        return new Seen(
                text.toString(),
                calls,
                message.stopReason().map(r -> r.asString()).orElse(""),
                usage.inputTokens()
                        + usage.cacheReadInputTokens().orElse(0L)
                        + usage.cacheCreationInputTokens().orElse(0L),
                usage.outputTokens());
    }

    private static Seen messageStream(byte[] stream) throws java.io.IOException {
        var accumulator = MessageAccumulator.create();
        int next = 0;
        for (var event : events(stream)) {
            var read = ANTHROPIC.readValue(event, RawMessageStreamEvent.class);
            StrictTypes.check(read);
            if (read.isContentBlockStart()) {
                if (read.asContentBlockStart().index() != next++) {
                    throw new AssertionError("index " + event + " (expected: " + (next - 1) + ")");
                }
            }
            accumulator.accumulate(read);
        }
        return message(accumulator.message(), false);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static Seen response(Response response) {
        StrictTypes.check(response);
        var text = new StringBuilder();
        var calls = new ArrayList<String>();
        for (var item : response.output()) {
            item.message()
                    .ifPresent(
                            message ->
                                    message.content()
                                            .forEach(
                                                    part -> {
                                                        part.outputText()
                                                                .ifPresent(
                                                                        t -> text.append(t.text()));
                                                        part.refusal()
                                                                .ifPresent(
                                                                        r ->
                                                                                text.append(
                                                                                        r
                                                                                                .refusal()));
                                                    }));
            item.functionCall().ifPresent(c -> calls.add(call(c.name(), c.arguments())));
            item.customToolCall().ifPresent(c -> calls.add(c.name() + c.input()));
        }
        return new Seen(
                text.toString(),
                calls,
                response.status().orElseThrow().asString(),
                response.usage().map(u -> u.inputTokens()).orElse(0L),
                response.usage().map(u -> u.outputTokens()).orElse(0L));
    }

    private static Seen responseStream(byte[] stream) throws java.io.IOException {
        var accumulator = ResponseAccumulator.createWithSnapshots();
        long sequence = 0;
        for (var event : events(stream)) {
            var read = OPENAI.readValue(event, ResponseStreamEvent.class);
            StrictTypes.check(read);
            assertThat(PLAIN.readTree(event).path("sequence_number").asLong())
                    .as(event)
                    .isEqualTo(sequence++);
            accumulator.accumulate(read);
        }
        var whole = response(accumulator.response());
        assertThat(response(accumulator.reconstructedResponse())).isEqualTo(whole);
        return whole;
    }

    private static Seen gemini(List<String> chunks) {
        var text = new StringBuilder();
        var calls = new ArrayList<String>();
        for (var json : chunks) {
            var chunk = GenerateContentResponse.fromJson(json);
            var candidate = chunk.candidates().orElseThrow().getFirst();
            assertThat(chunk.responseId()).as(json).isPresent();
            assertThat(chunk.modelVersion()).as(json).isPresent();
            assertThat(candidate.content().orElseThrow().role()).as(json).contains("model");
            for (var part : candidate.content().orElseThrow().parts().orElseThrow()) {
                if (part.text().isPresent() && !part.thought().orElse(false)) {
                    text.append(part.text().get());
                }
                part.functionCall()
                        .ifPresent(
                                call ->
                                        calls.add(
                                                call(
                                                        call.name().orElseThrow(),
                                                        PLAIN.valueToTree(call.args().orElseThrow())
                                                                .toString())));
            }
        }
        var last = GenerateContentResponse.fromJson(chunks.getLast());
        var finish = last.candidates().orElseThrow().getFirst().finishReason().orElseThrow();
        assertThat(finish.knownEnum()).isNotEqualTo(FinishReason.Known.FINISH_REASON_UNSPECIFIED);
        var usage = last.usageMetadata().orElseThrow();
        int thoughts = usage.thoughtsTokenCount().orElse(0);
        assertThat(
                        usage.promptTokenCount().orElseThrow()
                                + usage.candidatesTokenCount().orElseThrow()
                                + thoughts)
                .isEqualTo(usage.totalTokenCount().orElseThrow());
        return new Seen(
                text.toString(),
                calls,
                finish.toString(),
                usage.promptTokenCount().orElseThrow(),
                usage.candidatesTokenCount().orElseThrow() + thoughts);
    }

    private static void geminiRequest(JsonNode body) {
        assertThat(body.path("contents").isEmpty()).isFalse();
        for (var content : body.path("contents")) {
            var read = Content.fromJson(content.toString());
            assertThat(read.role().orElseThrow()).isIn("user", "model");
            for (var part : read.parts().orElseThrow()) {
                assertThat(part.toJson()).as(content.toString()).isNotEqualTo("{}");
            }
        }
        body.path("tools").forEach(tool -> Tool.fromJson(tool.toString()));
        if (body.has("systemInstruction")) {
            Content.fromJson(body.path("systemInstruction").toString());
        }
        if (body.has("toolConfig")) {
            ToolConfig.fromJson(body.path("toolConfig").toString());
        }
        if (body.has("generationConfig")) {
            GenerateContentConfig.fromJson(body.path("generationConfig").toString());
        }
    }

    private static JsonNode json(Object value) {
        return ANTHROPIC.valueToTree(value);
    }

    private static String call(String name, String arguments) {
        try {
            return name + PLAIN.readTree(arguments.isBlank() ? "{}" : arguments);
        } catch (java.io.IOException e) {
            return name + arguments;
        }
    }

    static List<String> events(byte[] stream) {
        var events = new ArrayList<String>();
        var parser = new SseParser(Integer.MAX_VALUE);
        parser.feed(stream, 0, stream.length, each -> events.add(each.text()));
        parser.finish(each -> events.add(each.text()));
        if (events.isEmpty()) {
            throw new AssertionError("no event in " + new String(stream, StandardCharsets.UTF_8));
        }
        return events;
    }
}
