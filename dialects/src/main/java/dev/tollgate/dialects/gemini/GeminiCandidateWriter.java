package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.Thoughts;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.TokenLogprob;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes what the chunks of a stream hold of one candidate. Calls go out whole. */
final class GeminiCandidateWriter {
    /** Takes one candidate of a chunk. */
    interface Chunks {
        void write(ObjectNode candidate, SseOut out);
    }

    private record Call(AnswerEvent.ToolCallStart start, StringBuilder arguments) {}

    private final int index;
    private final Chunks chunks;
    private final Map<Integer, Call> calls = new HashMap<>();

    /** Of the next part. */
    private List<TokenLogprob> logprobs = List.of();

    /** The text so far, of which its sources count the bytes. */
    private final StringBuilder said = new StringBuilder();

    private final Grounding grounding = new Grounding();
    private int waitingChars;
    private FinishReason finish = FinishReason.STOP;

    GeminiCandidateWriter(int index, Chunks chunks) {
        this.index = index;
        this.chunks = chunks;
    }

    void write(AnswerEvent.Said event, SseOut out) {
        switch (event) {
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
            case AnswerEvent.MediaMade(var file) -> part(GeminiAnswerWriter.file(file), out);
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

    private void part(JsonNode part, SseOut out) {
        chunks.write(candidate(part, null), out);
    }

    private ObjectNode candidate(JsonNode part, @Nullable String finishReason) {
        var candidate = Json.object();
        var content = candidate.putObject("content");
        content.putArray("parts").add(part);
        content.put("role", "model");
        if (finishReason != null) {
            candidate.put("finishReason", finishReason);
            grounding.write(candidate);
        }
        candidate.put("index", index);
        GeminiLogprobs.write(logprobs, candidate);
        logprobs = List.of();
        return candidate;
    }

    /** Writes what still waits, and returns what stands in the last chunk. */
    ObjectNode close(SseOut out) {
        calls.values().forEach(call -> call(call, out));
        return candidate(Json.object().put("text", ""), GeminiFinish.write(finish));
    }

    int waitingChars() {
        return waitingChars + said.length();
    }
}
