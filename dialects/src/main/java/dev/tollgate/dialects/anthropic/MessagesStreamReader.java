package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.StreamFailures;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.usage.RunningUsage;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the events of a Messages stream. Usage comes at the start and again, cumulative, at the
 * end: the last value of each field counts. Blocks of Anthropic's own tools are left out.
 */
final class MessagesStreamReader implements StreamReader {
    private final Map<Integer, Integer> callByBlock = new HashMap<>();
    private final RunningUsage usage = new RunningUsage(Dialect.ANTHROPIC);
    private int calls;
    private int textChars;
    private int blockStart;
    private boolean started;
    private boolean finished;

    @Override
    public void event(@Nullable String name, JsonNode data, Consumer<AnswerEvent> out) {
        switch (Json.textOr(data, "type", name == null ? "" : name)) {
            case "message_start" -> start(data.path("message"), out);
            case "content_block_start" -> blockStart(data, out);
            case "content_block_delta" -> delta(data, out);
            case "content_block_stop" -> {
                var call = callByBlock.remove(data.path("index").asInt());
                if (call != null) {
                    out.accept(new AnswerEvent.ToolCallEnd(call));
                }
            }
            case "message_delta" -> messageDelta(data, out);
            case "message_stop" -> out.accept(new AnswerEvent.Done());
            case "error" -> out.accept(StreamFailures.read(Dialect.ANTHROPIC, data));
            default -> {} // ping, and what is to come
        }
    }

    private void start(JsonNode message, Consumer<AnswerEvent> out) {
        if (!started) {
            started = true;
            out.accept(
                    new AnswerEvent.Start(Json.text(message, "id"), Json.text(message, "model")));
            begun(message, out);
        }
        usage(message.path("usage"), out);
        stop(message, out);
    }

    /** A turn that the provider continues may begin with whole blocks. */
    private void begun(JsonNode message, Consumer<AnswerEvent> out) {
        for (var block : message.path("content")) {
            var data = Json.object().put("index", -1);
            data.set("content_block", block);
            blockStart(data, out);
            var call = callByBlock.remove(-1);
            if (call != null) {
                out.accept(new AnswerEvent.ToolCallEnd(call));
            }
        }
    }

    private void usage(JsonNode seen, Consumer<AnswerEvent> out) {
        if (seen instanceof ObjectNode object && !seen.isEmpty()) {
            usage.saw(object);
            var read = usage.usage();
            if (read != null) {
                out.accept(new AnswerEvent.UsageSeen(read));
            }
        }
    }

    @Override
    public boolean usageShrank() {
        return usage.shrank();
    }

    private void blockStart(JsonNode data, Consumer<AnswerEvent> out) {
        var block = data.path("content_block");
        switch (Json.textOr(block, "type", "")) {
            case "text" -> {
                blockStart = textChars;
                text(Json.textOr(block, "text", ""), out);
            }
            case "thinking" -> thinking(Json.textOr(block, "thinking", ""), out);
            case "redacted_thinking" -> {
                var signature = Signature.read(Json.text(block, "data"), Issuer.ANTHROPIC);
                if (signature != null) {
                    out.accept(new AnswerEvent.ReasoningRedacted(signature));
                }
            }
            case "tool_use" -> {
                int call = calls++;
                callByBlock.put(data.path("index").asInt(), call);
                out.accept(
                        new AnswerEvent.ToolCallStart(
                                call,
                                Json.textOr(block, "id", ""),
                                Json.textOr(block, "name", ""),
                                false,
                                null));
                if (block.path("input").isObject() && !block.path("input").isEmpty()) {
                    out.accept(
                            new AnswerEvent.ToolCallDelta(call, Json.write(block.path("input"))));
                }
            }
            default -> {}
        }
    }

    private void delta(JsonNode data, Consumer<AnswerEvent> out) {
        var delta = data.path("delta");
        switch (Json.textOr(delta, "type", "")) {
            case "text_delta" -> text(Json.textOr(delta, "text", ""), out);
            case "thinking_delta" -> thinking(Json.textOr(delta, "thinking", ""), out);
            case "signature_delta" -> {
                var signature = Signature.read(Json.text(delta, "signature"), Issuer.ANTHROPIC);
                if (signature != null) {
                    out.accept(new AnswerEvent.ReasoningSigned(signature));
                }
            }
            case "input_json_delta" -> {
                var call = callByBlock.get(data.path("index").asInt());
                var json = Json.textOr(delta, "partial_json", "");
                if (call != null && !json.isEmpty()) {
                    out.accept(new AnswerEvent.ToolCallDelta(call, json));
                }
            }
            case "citations_delta" -> {
                var citation =
                        MessagesAnswerReader.citation(
                                delta.path("citation"), blockStart, textChars);
                if (citation != null) {
                    out.accept(new AnswerEvent.Cited(citation));
                }
            }
            default -> {}
        }
    }

    private void text(String text, Consumer<AnswerEvent> out) {
        if (!text.isEmpty()) {
            textChars += text.length();
            out.accept(new AnswerEvent.TextDelta(text));
        }
    }

    private static void thinking(String text, Consumer<AnswerEvent> out) {
        if (!text.isEmpty()) {
            out.accept(new AnswerEvent.ReasoningDelta(text));
        }
    }

    private void messageDelta(JsonNode data, Consumer<AnswerEvent> out) {
        usage(data.path("usage"), out);
        stop(data.path("delta"), out);
    }

    private void stop(JsonNode delta, Consumer<AnswerEvent> out) {
        var word = Json.text(delta, "stop_reason");
        if (word != null && !finished) {
            finished = true;
            var explanation = Json.text(delta.path("stop_details"), "explanation");
            if (word.equals("refusal") && explanation != null) {
                out.accept(new AnswerEvent.RefusalDelta(explanation));
            }
            out.accept(
                    new AnswerEvent.Finished(
                            MessagesStop.read(word), word, Json.text(delta, "stop_sequence")));
        }
    }

    @Override
    public void end(Consumer<AnswerEvent> out) {
        if (finished) {
            out.accept(new AnswerEvent.Done());
        }
    }
}
