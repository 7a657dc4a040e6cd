package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.Citation;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.error.ErrorBody;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of a Messages stream: {@code message_start}, blocks with contiguous indices of
 * which one is open at a time, {@code message_delta}, {@code message_stop}. Blocks wait in a queue:
 * the first is open and written through, those behind it (parallel tool calls whose deltas are
 * interleaved) are held until it ends.
 *
 * <pre>
 * waiting --(is first)--> open --(another text or thought, end of call, close)--> stopped
 * </pre>
 */
final class MessagesStreamWriter implements StreamWriter {
    private enum Kind {
        TEXT,
        THINKING,
        REDACTED,
        TOOL
    }

    private static final class Block {
        final Kind kind;
        final int call;
        final String id;
        final String name;
        final StringBuilder waiting = new StringBuilder();
        final Map<String, Citation> sources = new LinkedHashMap<>();
        @Nullable Signature signature;
        boolean open;
        boolean wrote;
        boolean ended;

        Block(Kind kind, int call, String id, String name) {
            this.kind = kind;
            this.call = call;
            this.id = id;
            this.name = name;
        }
    }

    private final ClientTerms terms;
    private final boolean wantsThoughts;
    private final Deque<Block> blocks = new ArrayDeque<>();
    private int index;
    private int waitingChars;
    private boolean started;
    private FinishReason finish = FinishReason.STOP;
    private @Nullable String stopSequence;
    private @Nullable Usage usage;

    MessagesStreamWriter(ClientTerms terms) {
        this.terms = terms;
        this.wantsThoughts = MessagesAnswerWriter.wantsThoughts(terms);
    }

    @Override
    public void write(AnswerEvent event, SseOut out) {
        switch (event) {
            case AnswerEvent.Start(var id, var model) -> start(id, model, out);
            case AnswerEvent.TextDelta(var text) -> append(Kind.TEXT, text, out);
            case AnswerEvent.RefusalDelta(var text) -> append(Kind.TEXT, text, out);
            case AnswerEvent.ReasoningDelta(var text) -> append(Kind.THINKING, text, out);
            case AnswerEvent.ReasoningSigned(var signature) -> sign(signature, out);
            case AnswerEvent.ReasoningRedacted(var signature) -> {
                if (wantsThoughts) {
                    var block = add(new Block(Kind.REDACTED, -1, "", ""));
                    block.signature = signature;
                    block.ended = true;
                    pump(out);
                }
            }
            case AnswerEvent.ToolCallStart call -> {
                if (call.signature() != null && wantsThoughts) {
                    sign(call.signature(), out);
                }
                add(new Block(Kind.TOOL, call.call(), call.id(), call.name()));
                pump(out);
            }
            case AnswerEvent.ToolCallDelta(var call, var arguments) -> {
                var block = tool(call);
                if (block != null) {
                    text(block, arguments, out);
                }
            }
            case AnswerEvent.ToolCallEnd(var call) -> {
                var block = tool(call);
                if (block != null) {
                    block.ended = true;
                    pump(out);
                }
            }
            case AnswerEvent.Finished(var reason, _, var sequence) -> {
                finish = reason;
                stopSequence = sequence;
            }
            case AnswerEvent.UsageSeen(var seen) -> usage = seen;
            case AnswerEvent.Cited(var citation) -> cite(citation, out);
            case AnswerEvent.Logprobs _,
                    AnswerEvent.MediaMade _,
                    AnswerEvent.Of _,
                    AnswerEvent.Done _,
                    AnswerEvent.Failed _ -> {}
        }
    }

    private void start(@Nullable String id, @Nullable String model, SseOut out) {
        if (started) {
            return;
        }
        started = true;
        var estimate = new Usage(terms.inputEstimateTokens(), 0, 0, 0, 0, 0, 0, 0, 0);
        var event = Json.object().put("type", "message_start");
        event.set(
                "message",
                MessagesAnswerWriter.head(id, model, usage == null ? estimate : usage, terms));
        out.event("message_start", event);
    }

    private Block add(Block block) {
        var last = blocks.peekLast();
        if (last != null && last.kind != Kind.TOOL) {
            last.ended = true;
        }
        blocks.addLast(block);
        return block;
    }

    private void append(Kind kind, String text, SseOut out) {
        var last = blocks.peekLast();
        var block =
                last != null && last.kind == kind && !last.ended
                        ? last
                        : add(new Block(kind, -1, "", ""));
        text(block, text, out);
    }

    private void sign(Signature signature, SseOut out) {
        var last = blocks.peekLast();
        var block = last != null && last.kind == Kind.THINKING && !last.ended ? last : null;
        if (block == null) {
            if (!wantsThoughts) {
                return;
            }
            block = add(new Block(Kind.THINKING, -1, "", ""));
        }
        block.signature = signature;
        block.ended = true;
        pump(out);
    }

    /** Of a text whose block has ended no source can be told any more. */
    private void cite(Citation citation, SseOut out) {
        var last = blocks.peekLast();
        if (last != null
                && last.kind == Kind.TEXT
                && !last.ended
                && last.sources.putIfAbsent(citation.url(), citation) == null) {
            waitingChars += citation.url().length();
            if (last.open) {
                source(citation, out);
            }
        }
    }

    private void source(Citation citation, SseOut out) {
        var delta = Json.object().put("type", "citations_delta");
        delta.set("citation", MessagesAnswerWriter.source(citation));
        delta(delta, out);
    }

    private @Nullable Block tool(int call) {
        for (var block : blocks) {
            if (block.kind == Kind.TOOL && block.call == call && !block.ended) {
                return block;
            }
        }
        return null;
    }

    private void text(Block block, String text, SseOut out) {
        if (text.isEmpty()) {
            return;
        }
        pump(out);
        if (block.open) {
            delta(block, text, out);
        } else {
            block.waiting.append(text);
            waitingChars += text.length();
            pump(out);
        }
    }

    /** Opens the first block, and stops and drops those that have ended. */
    private void pump(SseOut out) {
        start(null, null, out);
        while (!blocks.isEmpty()) {
            var block = blocks.getFirst();
            if (!block.open) {
                open(block, out);
            }
            if (!block.ended) {
                return;
            }
            stop(block, out);
            for (var url : block.sources.keySet()) {
                waitingChars -= url.length();
            }
            blocks.removeFirst();
        }
    }

    private void open(Block block, SseOut out) {
        block.open = true;
        var event = Json.object().put("type", "content_block_start").put("index", index);
        event.set("content_block", empty(block));
        out.event("content_block_start", event);
        if (!block.waiting.isEmpty()) {
            waitingChars -= block.waiting.length();
            delta(block, block.waiting.toString(), out);
            block.waiting.setLength(0);
        }
        block.sources.values().forEach(each -> source(each, out));
    }

    private static ObjectNode empty(Block block) {
        return switch (block.kind) {
            case TEXT -> MessagesAnswerWriter.text("");
            case THINKING -> MessagesAnswerWriter.thinking("", null);
            case REDACTED ->
                    Json.object()
                            .put("type", "redacted_thinking")
                            .put(
                                    "data",
                                    block.signature == null
                                            ? ""
                                            : block.signature.written(Issuer.ANTHROPIC));
            case TOOL -> {
                var tool = Json.object().put("type", "tool_use");
                tool.put("id", block.id).put("name", block.name);
                tool.putObject("input");
                yield tool.set("caller", MessagesAnswerWriter.direct());
            }
        };
    }

    private void delta(Block block, String text, SseOut out) {
        block.wrote = true;
        var delta =
                switch (block.kind) {
                    case TEXT -> Json.object().put("type", "text_delta").put("text", text);
                    case THINKING, REDACTED ->
                            Json.object().put("type", "thinking_delta").put("thinking", text);
                    case TOOL ->
                            Json.object().put("type", "input_json_delta").put("partial_json", text);
                };
        delta(delta, out);
    }

    private void delta(ObjectNode delta, SseOut out) {
        var event = Json.object().put("type", "content_block_delta").put("index", index);
        event.set("delta", delta);
        out.event("content_block_delta", event);
    }

    private void stop(Block block, SseOut out) {
        if (block.kind == Kind.TOOL && !block.wrote) {
            delta(block, "{}", out);
        }
        if (block.kind == Kind.THINKING && block.signature != null) {
            delta(
                    Json.object()
                            .put("type", "signature_delta")
                            .put("signature", block.signature.written(Issuer.ANTHROPIC)),
                    out);
        }
        out.event(
                "content_block_stop",
                Json.object().put("type", "content_block_stop").put("index", index));
        index++;
    }

    @Override
    public void close(SseOut out) {
        blocks.forEach(block -> block.ended = true);
        pump(out);
        var event = Json.object().put("type", "message_delta");
        var delta = event.putObject("delta");
        delta.put("stop_reason", MessagesStop.write(finish));
        delta.put("stop_sequence", stopSequence);
        delta.putNull("stop_details");
        delta.putNull("container");
        event.set("usage", MessagesAnswerWriter.deltaUsage(usage == null ? Usage.NONE : usage));
        out.event("message_delta", event);
        out.event("message_stop", Json.object().put("type", "message_stop"));
    }

    @Override
    public void fail(ErrorKind kind, String message, SseOut out) {
        out.write(ErrorBody.event(Dialect.ANTHROPIC, kind, message, true));
    }

    @Override
    public int waitingChars() {
        return waitingChars;
    }
}
