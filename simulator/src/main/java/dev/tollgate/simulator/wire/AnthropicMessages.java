package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.wire.Answer.Call;
import dev.tollgate.simulator.wire.Answer.Finish;
import java.util.ArrayList;
import java.util.List;

/**
 * Anthropic Messages: blocks with contiguous indices, one open at a time; the usage comes with
 * {@code message_start} and, cumulative, with {@code message_delta}. Its {@code input_tokens}
 * exclude what was read from or written to the cache.
 */
final class AnthropicMessages implements StreamEncoder {
    private final Answer answer;
    private final int texts;
    private final List<Piece> callPieces = new ArrayList<>();

    private record Piece(int call, int index) {}

    AnthropicMessages(Answer answer) {
        this.answer = answer;
        this.texts = answer.speech().pieces();
        for (var call = 0; call < answer.calls().size(); call++) {
            for (var i = 0; i < answer.calls().get(call).pieces().size(); i++) {
                callPieces.add(new Piece(call, i));
            }
        }
    }

    static ObjectNode body(Answer answer) {
        var body = message(answer);
        var content = body.putArray("content");
        if (answer.speech().pieces() > 0) {
            content.addObject().put("type", "text").put("text", answer.speech().whole());
        }
        for (var call : answer.calls()) {
            var block = toolUse(call);
            block.set("input", argumentsOf(call));
            content.add(block);
        }
        body.put("stop_reason", stopReason(answer.finish()));
        if (!answer.reported().omitted()) {
            body.set("usage", usage(answer.reported()));
        }
        return body;
    }

    private static JsonNode argumentsOf(Call call) {
        try {
            return Json.MAPPER.readTree(call.arguments());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("arguments were written by this program", e);
        }
    }

    private static ObjectNode message(Answer answer) {
        var body = Json.object();
        body.put("id", "msg_" + answer.id());
        body.put("type", "message");
        body.put("role", "assistant");
        body.put("model", answer.model());
        body.putArray("content");
        body.putNull("stop_reason");
        body.putNull("stop_sequence");
        body.putNull("stop_details");
        body.putNull("container");
        return body;
    }

    private static ObjectNode toolUse(Call call) {
        var block = Json.object();
        block.put("type", "tool_use");
        block.put("id", "toolu_" + call.id());
        block.put("name", call.name());
        block.putObject("input");
        block.putObject("caller").put("type", "direct");
        return block;
    }

    private static ObjectNode usage(ReportedUsage reported) {
        var usage = Json.object();
        usage.put("input_tokens", reported.input() - reported.cached() - reported.cacheWrite());
        usage.put("cache_creation_input_tokens", reported.cacheWrite());
        usage.put("cache_read_input_tokens", reported.cached());
        usage.putObject("cache_creation")
                .put("ephemeral_5m_input_tokens", reported.cacheWrite())
                .put("ephemeral_1h_input_tokens", 0);
        usage.put("output_tokens", reported.output());
        if (reported.reasoning() != 0) {
            usage.putObject("output_tokens_details").put("thinking_tokens", reported.reasoning());
        }
        usage.putNull("server_tool_use");
        usage.put("service_tier", "standard");
        usage.put("inference_geo", "global");
        return usage;
    }

    private static String stopReason(Finish finish) {
        return switch (finish) {
            case STOP -> "end_turn";
            case LENGTH -> "max_tokens";
            case TOOL_CALLS -> "tool_use";
        };
    }

    @Override
    public List<SseEvent> opening() {
        var message = message(answer);
        if (!answer.reported().omitted()) {
            message.set("usage", usage(answer.reported().soFar(1)));
        }
        var start = Json.object();
        start.put("type", "message_start");
        start.set("message", message);
        return List.of(
                event("message_start", start.toString()), event("ping", "{\"type\":\"ping\"}"));
    }

    @Override
    public int chunks() {
        return texts + callPieces.size();
    }

    @Override
    public List<SseEvent> chunk(int index) {
        return index < texts ? text(index) : tool(callPieces.get(index - texts));
    }

    private List<SseEvent> text(int index) {
        var delta =
                event(
                        "content_block_delta",
                        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
                                + Json.quote(answer.speech().piece(index))
                                + "}}");
        if (index > 0 && index < texts - 1) {
            return List.of(delta);
        }
        var list = new ArrayList<SseEvent>();
        if (index == 0) {
            list.add(blockStart(0, "{\"type\":\"text\",\"text\":\"\"}"));
        }
        list.add(delta);
        if (index == texts - 1) {
            list.add(blockStop(0));
        }
        return list;
    }

    private List<SseEvent> tool(Piece piece) {
        var call = answer.calls().get(piece.call());
        var block = piece.call() + (texts > 0 ? 1 : 0);
        var list = new ArrayList<SseEvent>();
        if (piece.index() == 0) {
            list.add(blockStart(block, toolUse(call).toString()));
        }
        list.add(
                event(
                        "content_block_delta",
                        "{\"type\":\"content_block_delta\",\"index\":"
                                + block
                                + ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":"
                                + Json.quote(call.pieces().get(piece.index()))
                                + "}}"));
        if (piece.index() == call.pieces().size() - 1) {
            list.add(blockStop(block));
        }
        return list;
    }

    @Override
    public List<SseEvent> finish() {
        var delta = Json.object();
        delta.put("type", "message_delta");
        delta.putObject("delta")
                .put("stop_reason", stopReason(answer.finish()))
                .putNull("stop_sequence")
                .putNull("stop_details")
                .putNull("container");
        if (!answer.reported().omitted()) {
            delta.set("usage", usage(answer.reported()));
        }
        var event = event("message_delta", delta.toString());
        return answer.reported().twice() ? List.of(event, event) : List.of(event);
    }

    @Override
    public List<SseEvent> terminal() {
        return List.of(event("message_stop", "{\"type\":\"message_stop\"}"));
    }

    @Override
    public List<SseEvent> error(ApiError error) {
        return List.of(
                event("error", error.body(Dialect.ANTHROPIC, "req_" + answer.id()).toString()));
    }

    @Override
    public SseEvent padding(int bytes) {
        return event("ping", "{\"type\":\"ping\",\"padding\":\"" + "x".repeat(bytes) + "\"}");
    }

    private static SseEvent blockStart(int index, String block) {
        return event(
                "content_block_start",
                "{\"type\":\"content_block_start\",\"index\":"
                        + index
                        + ",\"content_block\":"
                        + block
                        + "}");
    }

    private static SseEvent blockStop(int index) {
        return event(
                "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":" + index + "}");
    }

    private static SseEvent event(String name, String data) {
        return new SseEvent(name, data);
    }
}
