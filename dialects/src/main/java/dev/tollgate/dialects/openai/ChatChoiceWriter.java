package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.TokenLogprob;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes the deltas of one choice: the role, what is said, all sources, signed thoughts and images
 * at once, the finish reason. Those three are lists that are no official deltas: OpenAI's parsers
 * for Python fail on a second delta of such a list, and those for JavaScript keep only the last, so
 * each goes out whole and once.
 */
final class ChatChoiceWriter {
    /** Takes one choice of a chunk. */
    interface Chunks {
        void write(ObjectNode choice, SseOut out);
    }

    private final int index;
    private final boolean functions;
    private final Chunks chunks;
    private final Set<Integer> customCalls = new HashSet<>();
    private final ArrayNode annotations = Json.array();
    private final ArrayNode thinkingBlocks = Json.array();
    private final ArrayNode images = Json.array();

    /** What was thought since the last signature, which vouches for it. */
    private final StringBuilder thought = new StringBuilder();

    /** Of the next chunk. */
    private List<TokenLogprob> logprobs = List.of();

    private int keptChars;
    private boolean started;
    private @Nullable FinishReason finish;

    ChatChoiceWriter(int index, boolean functions, Chunks chunks) {
        this.index = index;
        this.functions = functions;
        this.chunks = chunks;
    }

    void write(AnswerEvent.Said event, SseOut out) {
        switch (event) {
            case AnswerEvent.TextDelta(var text) -> said("content", text, out);
            case AnswerEvent.Logprobs(var tokens) -> logprobs = tokens;
            case AnswerEvent.RefusalDelta(var text) -> said("refusal", text, out);
            case AnswerEvent.ReasoningDelta(var text) -> {
                thought.append(text);
                delta(Json.object().put("reasoning_content", text), out);
            }
            case AnswerEvent.ReasoningSigned(var signature) -> {
                var written = signature.written(Issuer.ANTHROPIC);
                keptChars += thought.length() + written.length();
                thinkingBlocks
                        .addObject()
                        .put("type", "thinking")
                        .put("thinking", thought.toString())
                        .put("signature", written);
                thought.setLength(0);
            }
            case AnswerEvent.ReasoningRedacted(var signature) -> {
                var written = signature.written(Issuer.ANTHROPIC);
                keptChars += written.length();
                thinkingBlocks.addObject().put("type", "redacted_thinking").put("data", written);
            }
            case AnswerEvent.ToolCallStart start -> toolCall(start, out);
            case AnswerEvent.ToolCallDelta(var call, var arguments) ->
                    arguments(call, arguments, out);
            case AnswerEvent.Cited(var citation) -> {
                keptChars += citation.url().length();
                annotations.add(ChatAnswerWriter.annotation(citation, 0));
            }
            case AnswerEvent.Finished(var reason, _, _) -> finish = reason;
            case AnswerEvent.MediaMade(var file) -> {
                keptChars += MadeMedia.chars(file);
                images.add(ChatAnswerWriter.image(file, images.size()));
            }
            case AnswerEvent.ToolCallEnd _ -> {}
        }
    }

    private void toolCall(AnswerEvent.ToolCallStart start, SseOut out) {
        thought.setLength(0);
        var call = Json.object();
        call.put("index", start.call());
        call.put("id", start.id());
        if (start.custom()) {
            customCalls.add(start.call());
            call.put("type", "custom");
            call.putObject("custom").put("name", start.name()).put("input", "");
        } else {
            call.put("type", "function");
            call.putObject("function").put("name", start.name()).put("arguments", "");
            ChatAnswerWriter.googleSignature(start.signature(), call);
        }
        toolCalls(call, out);
    }

    private void arguments(int number, String arguments, SseOut out) {
        var call = Json.object().put("index", number);
        if (customCalls.contains(number)) {
            call.putObject("custom").put("input", arguments);
        } else {
            call.putObject("function").put("arguments", arguments);
        }
        toolCalls(call, out);
    }

    private void toolCalls(ObjectNode call, SseOut out) {
        var delta = Json.object();
        if (functions) {
            if (call.path("index").asInt() == 0) {
                delta.set("function_call", call.path("function"));
                delta(delta, out);
            }
            return;
        }
        delta.putArray("tool_calls").add(call);
        delta(delta, out);
    }

    private void said(String field, String text, SseOut out) {
        thought.setLength(0);
        delta(Json.object().put(field, text), out);
    }

    void start(SseOut out) {
        if (!started) {
            started = true;
            var delta = Json.object().put("role", "assistant").put("content", "");
            delta.putNull("refusal");
            choice(delta, null, out);
        }
    }

    private void delta(ObjectNode delta, SseOut out) {
        start(out);
        choice(delta, null, out);
    }

    private void choice(ObjectNode delta, @Nullable String finishReason, SseOut out) {
        var choice = Json.object().put("index", index);
        choice.set("delta", delta);
        if (finishReason != null || !delta.path("content").asText("").isEmpty()) {
            choice.set("logprobs", ChatAnswerWriter.logprobs(logprobs));
            logprobs = List.of();
        } else {
            choice.putNull("logprobs");
        }
        choice.put("finish_reason", finishReason);
        chunks.write(choice, out);
    }

    void close(SseOut out) {
        start(out);
        lists(out);
        choice(
                Json.object(),
                ChatFinish.write(finish == null ? FinishReason.STOP : finish, functions),
                out);
    }

    private void lists(SseOut out) {
        var delta = Json.object();
        if (!annotations.isEmpty()) {
            delta.set("annotations", annotations);
        }
        if (!thinkingBlocks.isEmpty()) {
            delta.set("thinking_blocks", thinkingBlocks);
        }
        if (!images.isEmpty()) {
            delta.set("images", images);
        }
        if (!delta.isEmpty()) {
            delta(delta, out);
        }
    }

    int waitingChars() {
        return keptChars + thought.length();
    }
}
