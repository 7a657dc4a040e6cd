package dev.tollgate.dialects.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.codec.ClientCodec;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Emulation;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.ProviderCodec;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.codec.Written;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.Decoded;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A client's dialect carried over another dialect. The client's request is decoded, checked against
 * {@link Carriage}, its tool names are fitted, and it is encoded for the provider; answers and
 * streams go the other way, and everything that was emulated is restored there.
 */
public final class TranslatedBridge implements Bridge {
    /** Rough and only shown where a stream must name its input before the provider did. */
    private static final int BYTES_PER_TOKEN = 4;

    private final Dialect providerDialect;
    private final ClientCodec client;
    private final ProviderCodec provider;

    public TranslatedBridge(ClientCodec client, Dialect providerDialect, ProviderCodec provider) {
        this.client = client;
        this.providerDialect = providerDialect;
        this.provider = provider;
    }

    @Override
    public Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        var json = Json.parseObject(body);
        if (json == null) {
            return new Outbound.Refused("the body is not a JSON object", null);
        }
        return switch (client.request(json)) {
            case Decoded.Malformed(var message, var param) -> new Outbound.Refused(message, param);
            case Decoded.Request(var conversation) -> request(conversation, scan.stream(), terms);
        };
    }

    private Outbound request(Conversation conversation, boolean stream, RequestTerms terms) {
        var refusal = Carriage.refusal(conversation, providerDialect);
        if (refusal != null) {
            return new Outbound.Refused(refusal.message(), refusal.field());
        }
        for (var tool : conversation.tools()) {
            if (tool.name().equals(Emulation.TOOL_NAME)) {
                return new Outbound.Refused(
                        "tools: the name " + Emulation.TOOL_NAME + " is reserved", "tools");
            }
        }
        var names = names(conversation);
        var format = WrappedAnswer.forProvider(conversation.format(), providerDialect);
        var fitted = names.toProvider(conversation).with(format);
        return switch (provider.request(fitted, terms, stream)) {
            case Written.Refused(var message, var param) -> new Outbound.Refused(message, param);
            case Written.Body(var json, var more) -> {
                var dropped = new ArrayList<>(Carriage.dropped(conversation, providerDialect));
                dropped.addAll(more);
                yield new Outbound.Ready(Json.bytes(json), dropped);
            }
        };
    }

    private ToolNames names(Conversation conversation) {
        return new ToolNames(conversation, provider, providerDialect != Dialect.OPENAI_RESPONSES);
    }

    @Override
    public AnswerRead answer(byte[] providerBody, AnswerTerms terms) {
        var json = Json.parseObject(providerBody);
        if (json == null) {
            return new AnswerRead.Unreadable("the provider's answer is not a JSON object");
        }
        return switch (provider.answer(json, terms.id())) {
            case Reading.Unreadable(var message) -> new AnswerRead.Unreadable(message);
            case Reading.Read(var answer) -> {
                var clientTerms = clientTerms(terms);
                var request = clientTerms.request();
                var dialect = terms.scan().dialect();
                boolean program = isRead(request.format());
                if (answer.choices().stream()
                        .anyMatch(each -> losesFiles(each, dialect, program))) {
                    yield new AnswerRead.Unreadable(MadeMedia.ALONE);
                }
                var restored = restored(answer, request, dialect);
                yield new AnswerRead.Read(
                        Json.bytes(client.answer(restored, clientTerms)),
                        answer.usage(),
                        answer.finishWord(),
                        answer.model(),
                        visibleBytes(answer));
            }
        };
    }

    @Override
    public AnswerStream stream(AnswerTerms terms) {
        var clientTerms = clientTerms(terms);
        var request = clientTerms.request();
        var names = names(request);
        var format = request.format();
        var dialect = terms.scan().dialect();
        boolean program = isRead(format);
        return new TranslatedStream(
                provider.stream(terms.id()),
                client.stream(withoutPrompt(clientTerms)),
                () ->
                        new RestoredChoice(
                                dialect, names, WrappedAnswer.of(format, providerDialect), program),
                request.choices());
    }

    /** Of a stream whose bytes go to the client as they are: what would be written instead. */
    LimitedStream limited(AnswerStream bytes, AnswerTerms terms) {
        return new LimitedStream(
                bytes,
                provider.stream(terms.id()),
                client.stream(withoutPrompt(clientTerms(terms))));
    }

    /** A stream lives for minutes, and a prompt may be megabytes. */
    private ClientTerms withoutPrompt(ClientTerms terms) {
        var request = terms.request();
        var body = client.repeated(terms.body());
        return new ClientTerms(
                terms.id(),
                terms.createdSeconds(),
                terms.model(),
                terms.includeUsage(),
                terms.sse(),
                terms.inputEstimateTokens(),
                body,
                request.with(List.of(), List.of(), request.toolChoice()));
    }

    /** The request was accepted before, so it decodes; an empty one stands in if it does not. */
    private ClientTerms clientTerms(AnswerTerms terms) {
        var parsed = Json.parseObject(terms.clientBody());
        ObjectNode body = parsed == null ? Json.object() : parsed;
        var conversation =
                client.request(body) instanceof Decoded.Request(var request) ? request : nothing();
        return new ClientTerms(
                terms.id(),
                terms.createdSeconds(),
                terms.model(),
                terms.scan().includeUsage(),
                terms.sse(),
                terms.scan().textBytes() / BYTES_PER_TOKEN,
                body,
                conversation);
    }

    private static Conversation nothing() {
        return new Conversation(
                List.of(),
                List.of(),
                null,
                null,
                new OutputFormat.Free(),
                Sampling.DEFAULT,
                List.of(),
                OptionalLong.empty(),
                null,
                null,
                1,
                Map.of());
    }

    /** As the client knows it, and no more answers than it asked for. */
    private Answer restored(Answer answer, Conversation request, Dialect dialect) {
        var names = names(request);
        var wrapped = WrappedAnswer.of(request.format(), providerDialect);
        return answer.with(
                answer.choices().stream()
                        .limit(request.choices())
                        .map(choice -> restored(choice, names, wrapped, dialect))
                        .toList());
    }

    private static Answer.Choice restored(
            Answer.Choice choice,
            ToolNames names,
            @Nullable WrappedAnswer wrapped,
            Dialect dialect) {
        var parts = new ArrayList<Part>();
        var notes = new StringBuilder();
        for (var part : choice.parts()) {
            if (part instanceof Part.Text text && wrapped != null) {
                parts.add(new Part.Text(wrapped.whole(text.text())));
            } else if (MadeMedia.isFile(part) && !MadeMedia.isCarried(part, dialect)) {
                notes.append(MadeMedia.note(part));
            } else if (!(part instanceof Part.ToolCall call)) {
                parts.add(part);
            } else if (ToolNames.isEmulation(call.name())) {
                var text = call.arguments();
                parts.add(new Part.Text(wrapped == null ? text : wrapped.whole(text)));
            } else {
                parts.add(restored(call, names));
            }
        }
        if (!notes.isEmpty()) {
            parts.add(new Part.Text(notes.toString()));
        }
        boolean calls = parts.stream().anyMatch(Part.ToolCall.class::isInstance);
        return choice.with(parts, finish(choice.finish(), calls));
    }

    /** Whether files are lost that no note can tell of. */
    private static boolean losesFiles(Answer.Choice choice, Dialect client, boolean program) {
        boolean lost = false;
        boolean answered = false;
        for (var part : choice.parts()) {
            switch (part) {
                case Part.Image _, Part.Document _ -> {
                    boolean carried = MadeMedia.isCarried(part, client);
                    lost |= !carried;
                    answered |= carried;
                }
                case Part.Reasoning _ -> {}
                case Part.Text(var text, _, _, _) -> answered |= !text.isEmpty();
                case Part _ -> answered = true;
            }
        }
        return lost && (!answered || program);
    }

    /** Whether a program reads the text of the answer. */
    private static boolean isRead(OutputFormat format) {
        return !(format instanceof OutputFormat.Free);
    }

    private static Part.ToolCall restored(Part.ToolCall call, ToolNames names) {
        var name = names.toClient(call.name());
        boolean custom = names.isCustom(name);
        return new Part.ToolCall(
                call.id(),
                name,
                arguments(call.arguments(), call.custom(), custom),
                custom,
                call.signature());
    }

    /** Free text in an object where the client knows no tool with free text of this name. */
    static String arguments(String arguments, boolean custom, boolean wanted) {
        if (custom == wanted) {
            return arguments;
        }
        if (custom) {
            return Json.write(Json.object().put("input", arguments));
        }
        var object = Json.parseObject(arguments);
        var input = object == null ? null : Json.text(object, "input");
        return input == null ? arguments : input;
    }

    /** Some providers say stop for tool calls; and a call that was emulation is none. */
    static FinishReason finish(FinishReason said, boolean callsTools) {
        if (callsTools && said == FinishReason.STOP) {
            return FinishReason.TOOL_CALLS;
        }
        return !callsTools && said == FinishReason.TOOL_CALLS ? FinishReason.STOP : said;
    }

    private static long visibleBytes(Answer answer) {
        long bytes = 0;
        for (var choice : answer.choices()) {
            bytes += visibleBytes(choice.parts());
        }
        return bytes;
    }

    private static long visibleBytes(List<Part> parts) {
        long bytes = 0;
        for (var part : parts) {
            bytes +=
                    switch (part) {
                        case Part.Text(var text, _, _, _) -> Utf8.length(text);
                        case Part.Refusal(var text) -> Utf8.length(text);
                        case Part.Reasoning(var text, _, _) -> Utf8.length(text);
                        case Part.ToolCall call ->
                                Utf8.length(call.name()) + Utf8.length(call.arguments());
                        case Part.Image _, Part.Document _ -> MadeMedia.chars(part);
                        case Part.Audio _, Part.Video _, Part.ToolResult _ -> 0;
                    };
        }
        return bytes;
    }
}
