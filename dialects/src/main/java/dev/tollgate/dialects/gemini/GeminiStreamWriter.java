package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.codec.Thoughts;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.TokenLogprob;
import dev.tollgate.dialects.error.ErrorBody;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the chunks of a Gemini stream, as server-sent events or as one JSON array. Calls go out
 * whole; finish reason and usage stand in the last chunk.
 */
final class GeminiStreamWriter implements StreamWriter {
    private record Call(AnswerEvent.ToolCallStart start, StringBuilder arguments) {}

    private final ClientTerms terms;
    private final Map<Integer, Call> calls = new HashMap<>();

    /** Of the next part. */
    private List<TokenLogprob> logprobs = List.of();

    /** The text so far, of which its sources count the bytes. */
    private final StringBuilder said = new StringBuilder();

    private final Grounding grounding = new Grounding();
    private int waitingChars;
    private String id;
    private String model;
    private boolean wrote;
    private FinishReason finish = FinishReason.STOP;
    private @Nullable Usage usage;

    GeminiStreamWriter(ClientTerms terms) {
        this.terms = terms;
        this.id = terms.id();
        this.model = terms.modelOr(null);
    }

    @Override
    public void write(AnswerEvent event, SseOut out) {
        switch (event) {
            case AnswerEvent.Start(var providerId, var providerModel) -> {
                id = GeminiAnswerWriter.id(providerId, terms);
                model = terms.modelOr(providerModel);
            }
            case AnswerEvent.TextDelta(var text) -> {
                said.append(text);
                part(Json.object().put("text", text), out);
            }
            case AnswerEvent.Cited(var citation) -> grounding.add(citation, 0, said);
            case AnswerEvent.Logprobs(var tokens) -> logprobs = tokens;
            case AnswerEvent.RefusalDelta(var text) -> part(Json.object().put("text", text), out);
            case AnswerEvent.ReasoningDelta(var text) ->
                    part(Json.object().put("text", text).put("thought", true), out);
            case AnswerEvent.ReasoningSigned(var signature) ->
                    signed(signature.written(Issuer.GEMINI), out);
            case AnswerEvent.ReasoningRedacted(var signature) ->
                    signed(Thoughts.hidden(signature, Issuer.GEMINI), out);
            case AnswerEvent.ToolCallStart start ->
                    calls.put(start.call(), new Call(start, new StringBuilder()));
            case AnswerEvent.ToolCallDelta(var call, var arguments) -> {
                var open = calls.get(call);
                if (open != null) {
                    open.arguments.append(arguments);
                    waitingChars += arguments.length();
                }
            }
            case AnswerEvent.ToolCallEnd(var call) -> {
                var ended = calls.remove(call);
                if (ended != null) {
                    call(ended, out);
                }
            }
            case AnswerEvent.Finished(var reason, _, _) -> finish = reason;
            case AnswerEvent.UsageSeen(var seen) -> usage = seen;
            case AnswerEvent.Done _, AnswerEvent.Failed _ -> {}
        }
    }

    private void call(Call call, SseOut out) {
        waitingChars -= call.arguments.length();
        part(
                GeminiAnswerWriter.call(
                        call.start.id(),
                        call.start.name(),
                        call.arguments.toString(),
                        call.start.signature()),
                out);
    }

    private void signed(String signature, SseOut out) {
        part(
                Json.object()
                        .put("text", "")
                        .put("thought", true)
                        .put("thoughtSignature", signature),
                out);
    }

    private void part(ObjectNode part, SseOut out) {
        chunk(part, null, out);
    }

    private void chunk(ObjectNode part, @Nullable String finishReason, SseOut out) {
        var chunk = Json.object();
        var candidate = chunk.putArray("candidates").addObject();
        var content = candidate.putObject("content");
        content.putArray("parts").add(part);
        content.put("role", "model");
        if (finishReason != null) {
            candidate.put("finishReason", finishReason);
            grounding.write(candidate);
        }
        candidate.put("index", 0);
        GeminiLogprobs.write(logprobs, candidate);
        logprobs = List.of();
        if (finishReason != null || usage != null) {
            chunk.set(
                    "usageMetadata", GeminiAnswerWriter.usage(usage == null ? Usage.NONE : usage));
        }
        chunk.put("modelVersion", model);
        chunk.put("responseId", id);
        element(chunk, out);
    }

    private void element(ObjectNode chunk, SseOut out) {
        if (terms.sse()) {
            out.data(chunk);
        } else {
            out.raw(wrote ? ",\r\n" : "[");
            out.write(Json.bytes(chunk));
        }
        wrote = true;
    }

    @Override
    public void close(SseOut out) {
        calls.values().forEach(call -> call(call, out));
        chunk(Json.object().put("text", ""), GeminiFinish.write(finish), out);
        endArray(out);
    }

    @Override
    public void fail(ErrorKind kind, String message, SseOut out) {
        if (!terms.sse()) {
            out.raw(wrote ? ",\r\n" : "[");
        }
        out.write(ErrorBody.event(Dialect.GEMINI, kind, message, terms.sse()));
        endArray(out);
    }

    private void endArray(SseOut out) {
        if (!terms.sse()) {
            out.raw("]");
        }
    }

    @Override
    public int waitingChars() {
        return waitingChars + said.length();
    }
}
