package dev.tollgate.dialects.judge;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.anthropic.AnthropicMessages;
import dev.tollgate.dialects.codec.ClientCodec;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.ProviderCodec;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Decoded;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.gemini.Gemini;
import dev.tollgate.dialects.openai.OpenAiChat;
import dev.tollgate.dialects.responses.OpenAiResponses;
import dev.tollgate.dialects.sse.EventSplitter;
import dev.tollgate.dialects.sse.JsonArraySplitter;
import dev.tollgate.dialects.sse.SseParser;
import java.util.List;
import java.util.OptionalInt;

/**
 * Judges the answers to one request, in the dialect of its client: whatever provider gave them,
 * they are read as the client would read them. Deterministic; asks nobody.
 */
public final class Judge {
    private static final double PERCENT = 100;

    private final Dialect dialect;
    private final boolean sse;
    private final OutputFormat format;

    private Judge(Dialect dialect, boolean sse, OutputFormat format) {
        this.dialect = dialect;
        this.sse = sse;
        this.format = format;
    }

    /**
     * @param request the client's body
     * @param sse whether its stream is one of server-sent events (Gemini knows another form)
     */
    public static Judge of(Dialect dialect, byte[] request, boolean sse) {
        var json = Json.parseObject(request);
        ClientCodec codec = client(dialect);
        var format =
                json != null && codec.request(json) instanceof Decoded.Request(var conversation)
                        ? conversation.format()
                        : new OutputFormat.Free();
        return new Judge(dialect, sse, format);
    }

    /** A complete answer. */
    public Judgement answer(byte[] body) {
        var json = Json.parseObject(body);
        return json == null
                ? Judgement.UNREADABLE
                : switch (provider(dialect).answer(json, "judge")) {
                    case Reading.Unreadable unreadable -> Judgement.UNREADABLE;
                    case Reading.Read(var answer) -> judged(answer.choices());
                };
    }

    /** A stream from its first byte to its last. */
    public Judgement stream(byte[] events) {
        var reader = provider(dialect).stream("judge");
        var heard = new HeardStream();
        EventSplitter splitter =
                sse || dialect != Dialect.GEMINI
                        ? new SseParser(AnswerStream.MAX_EVENT_BYTES)
                        : new JsonArraySplitter(AnswerStream.MAX_EVENT_BYTES);
        splitter.feed(
                events,
                0,
                events.length,
                event -> {
                    if (!event.hasData() || event.dataIs("[DONE]")) {
                        return;
                    }
                    var data = Json.parse(event.array(), event.from(), event.length());
                    if (data != null) {
                        reader.event(event.event(), data, heard);
                    }
                });
        reader.end(heard);
        return heard.failed() ? Judgement.UNREADABLE : judged(heard.choices());
    }

    private Judgement judged(List<Answer.Choice> choices) {
        return choices.stream()
                .map(this::judged)
                .reduce(Judgement::or)
                .orElse(Judgement.UNREADABLE);
    }

    private Judgement judged(Answer.Choice choice) {
        var text = text(choice.parts());
        boolean calls = choice.parts().stream().anyMatch(Part.ToolCall.class::isInstance);
        boolean said = choice.parts().stream().anyMatch(Part.Refusal.class::isInstance);
        boolean refused =
                said
                        || choice.finish() == FinishReason.CONTENT_FILTER
                        || !calls && Phrases.refuses(text);
        boolean made = choice.parts().stream().anyMatch(MadeMedia::isFile);
        boolean empty = text.isBlank() && !calls && !said && !made;
        return new Judgement(
                empty,
                choice.finish() == FinishReason.LENGTH,
                refused,
                !empty && !said && invalid(choice.parts(), text, calls),
                !calls && Phrases.doubts(text),
                confidence(choice));
    }

    private static String text(List<Part> parts) {
        var text = new StringBuilder();
        for (var part : parts) {
            if (part instanceof Part.Text(var some, _, _, _)) {
                text.append(some);
            }
        }
        return text.toString();
    }

    /** Beside tool calls a text is talk, not the answer. */
    private boolean invalid(List<Part> parts, String text, boolean calls) {
        if (calls) {
            return parts.stream()
                    .anyMatch(
                            part ->
                                    part instanceof Part.ToolCall call
                                            && !call.custom()
                                            && Json.parseObject(call.arguments()) == null);
        }
        return switch (format) {
            case OutputFormat.Free() -> false;
            case OutputFormat.JsonObject() -> Json.parseObject(text) == null;
            case OutputFormat.JsonSchema(_, _, var schema, _, var bare) ->
                    !new SchemaCheck(schema).fits(text, bare);
        };
    }

    private static OptionalInt confidence(Answer.Choice choice) {
        var tokens = choice.logprobs();
        if (tokens.isEmpty()) {
            return OptionalInt.empty();
        }
        double sum = 0;
        for (var token : tokens) {
            sum += token.logprob();
        }
        double mean = Math.exp(Math.min(0, sum / tokens.size()));
        // an exact 0.6 must not become 59 by the error of its logarithm
        return OptionalInt.of((int) Math.floor(PERCENT * mean + 1e-9));
    }

    private static ProviderCodec provider(Dialect dialect) {
        return switch (dialect) {
            case OPENAI_CHAT -> new OpenAiChat();
            case OPENAI_RESPONSES -> new OpenAiResponses();
            case ANTHROPIC -> new AnthropicMessages();
            case GEMINI -> new Gemini();
        };
    }

    private static ClientCodec client(Dialect dialect) {
        return switch (dialect) {
            case OPENAI_CHAT -> new OpenAiChat();
            case OPENAI_RESPONSES -> new OpenAiResponses();
            case ANTHROPIC -> new AnthropicMessages();
            case GEMINI -> new Gemini();
        };
    }
}
