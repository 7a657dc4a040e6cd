package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.TokenLogprob;
import dev.tollgate.dialects.error.ErrorBody;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes chunks of chat completions: one with the role, those with content, one with all sources
 * and signed thoughts, one with the finish reason, one with the usage if the client asked for it,
 * {@code [DONE]}. Sources and signed thoughts are lists that are no official deltas: OpenAI's
 * parsers for Python fail on a second delta of such a list, and those for JavaScript keep only the
 * last, so each goes out whole and once.
 */
final class ChatStreamWriter implements StreamWriter {
    private final ClientTerms terms;
    private final boolean functions;
    private final Set<Integer> customCalls = new HashSet<>();
    private final ArrayNode annotations = Json.array();
    private final ArrayNode thinkingBlocks = Json.array();

    /** What was thought since the last signature, which vouches for it. */
    private final StringBuilder thought = new StringBuilder();

    /** Of the next chunk. */
    private List<TokenLogprob> logprobs = List.of();

    private int keptChars;
    private String id;
    private String model;
    private boolean started;
    private @Nullable FinishReason finish;
    private @Nullable Usage usage;

    ChatStreamWriter(ClientTerms terms) {
        this.terms = terms;
        this.functions = ChatAnswerWriter.functions(terms);
        this.id = ChatAnswerWriter.id(null, terms);
        this.model = terms.modelOr(null);
    }

    @Override
    public void write(AnswerEvent event, SseOut out) {
        switch (event) {
            case AnswerEvent.Start(var providerId, var providerModel) -> {
                id = ChatAnswerWriter.id(providerId, terms);
                model = terms.modelOr(providerModel);
                start(out);
            }
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
            case AnswerEvent.UsageSeen(var seen) -> usage = seen;
            case AnswerEvent.ToolCallEnd _, AnswerEvent.Done _, AnswerEvent.Failed _ -> {}
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

    private void start(SseOut out) {
        if (!started) {
            started = true;
            var delta = Json.object().put("role", "assistant").put("content", "");
            delta.putNull("refusal");
            chunk(delta, null, out);
        }
    }

    private void delta(ObjectNode delta, SseOut out) {
        start(out);
        chunk(delta, null, out);
    }

    private void chunk(ObjectNode delta, @Nullable String finishReason, SseOut out) {
        var chunk = head();
        var choice = chunk.putArray("choices").addObject();
        choice.put("index", 0);
        choice.set("delta", delta);
        if (finishReason != null || !delta.path("content").asText("").isEmpty()) {
            choice.set("logprobs", ChatAnswerWriter.logprobs(logprobs));
            logprobs = List.of();
        } else {
            choice.putNull("logprobs");
        }
        choice.put("finish_reason", finishReason);
        if (terms.includeUsage()) {
            chunk.putNull("usage");
        }
        out.data(chunk);
    }

    private ObjectNode head() {
        return Json.object()
                .put("id", id)
                .put("object", "chat.completion.chunk")
                .put("created", terms.createdSeconds())
                .put("model", model);
    }

    @Override
    public void close(SseOut out) {
        start(out);
        lists(out);
        chunk(
                Json.object(),
                ChatFinish.write(finish == null ? FinishReason.STOP : finish, functions),
                out);
        if (terms.includeUsage()) {
            var chunk = head();
            chunk.putArray("choices");
            chunk.set("usage", ChatUsage.write(usage == null ? Usage.NONE : usage));
            out.data(chunk);
        }
        out.raw("data: [DONE]\n\n");
    }

    private void lists(SseOut out) {
        var delta = Json.object();
        if (!annotations.isEmpty()) {
            delta.set("annotations", annotations);
        }
        if (!thinkingBlocks.isEmpty()) {
            delta.set("thinking_blocks", thinkingBlocks);
        }
        if (!delta.isEmpty()) {
            delta(delta, out);
        }
    }

    @Override
    public void fail(ErrorKind kind, String message, SseOut out) {
        out.write(ErrorBody.event(Dialect.OPENAI_CHAT, kind, message, true));
    }

    @Override
    public int waitingChars() {
        return keptChars + thought.length();
    }
}
