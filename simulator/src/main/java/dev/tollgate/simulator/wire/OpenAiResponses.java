package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.wire.Answer.Call;
import dev.tollgate.simulator.wire.Answer.Finish;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI Responses: typed events with a rising {@code sequence_number}; the last one holds the
 * whole response, and there is no {@code [DONE]}.
 */
final class OpenAiResponses implements StreamEncoder {
    private final Ask ask;
    private final Answer answer;
    private final int texts;
    private final List<Piece> callPieces = new ArrayList<>();
    private final String messageId;
    private long sequence;

    private record Piece(int call, int index) {}

    OpenAiResponses(Ask ask, Answer answer) {
        this.ask = ask;
        this.answer = answer;
        this.texts = answer.speech().pieces();
        this.messageId = "msg_" + answer.id();
        for (var call = 0; call < answer.calls().size(); call++) {
            for (var i = 0; i < answer.calls().get(call).pieces().size(); i++) {
                callPieces.add(new Piece(call, i));
            }
        }
    }

    /** The finished response, which is also the body of an answer that is no stream. */
    ObjectNode completed() {
        var body = response(answer.finish() == Finish.LENGTH ? "incomplete" : "completed");
        if (answer.finish() == Finish.LENGTH) {
            body.putObject("incomplete_details").put("reason", "max_output_tokens");
        }
        var output = body.putArray("output");
        if (texts > 0) {
            output.add(message("completed", answer.speech().whole()));
        }
        answer.calls().forEach(call -> output.add(item(call, "completed", call.arguments())));
        if (!answer.reported().omitted()) {
            body.set("usage", usage());
        }
        return body;
    }

    private ObjectNode response(String status) {
        var body = Json.object();
        body.put("id", "resp_" + answer.id());
        body.put("object", "response");
        body.put("created_at", answer.createdEpochSeconds());
        body.put("status", status);
        body.put("background", false);
        body.putNull("error");
        body.putNull("incomplete_details");
        body.putNull("instructions");
        var max = ask.maxTokens();
        if (max == null) {
            body.putNull("max_output_tokens");
        } else {
            body.put("max_output_tokens", max);
        }
        body.put("model", answer.model());
        body.putArray("output");
        body.put("parallel_tool_calls", true);
        body.putNull("previous_response_id");
        body.putObject("reasoning").putNull("effort").putNull("summary");
        body.put("service_tier", "default");
        body.put("store", false);
        body.put("temperature", 1.0);
        var asked = ask.body().path("text");
        if (asked.path("format").isObject()) {
            body.set("text", asked);
        } else {
            body.putObject("text").putObject("format").put("type", "text");
        }
        body.put("tool_choice", "auto");
        var tools = ask.body().path("tools");
        body.set("tools", tools.isArray() ? tools : Json.array());
        body.put("top_p", 1.0);
        body.put("truncation", "disabled");
        body.putNull("usage");
        body.putNull("user");
        body.putObject("metadata");
        return body;
    }

    private ObjectNode usage() {
        var reported = answer.reported();
        var usage = Json.object();
        usage.put("input_tokens", reported.input());
        usage.putObject("input_tokens_details")
                .put("cached_tokens", reported.cached())
                .put("cache_write_tokens", reported.cacheWrite());
        usage.put("output_tokens", reported.output());
        usage.putObject("output_tokens_details").put("reasoning_tokens", reported.reasoning());
        usage.put("total_tokens", reported.input() + reported.output());
        return usage;
    }

    private ObjectNode message(String status, @Nullable String text) {
        var item = Json.object();
        item.put("id", messageId);
        item.put("type", "message");
        item.put("status", status);
        item.put("role", "assistant");
        var content = item.putArray("content");
        if (text != null) {
            content.add(part(text));
        }
        return item;
    }

    private static ObjectNode part(String text) {
        var part = Json.object();
        part.put("type", "output_text");
        part.put("text", text);
        part.putArray("annotations");
        part.putArray("logprobs");
        return part;
    }

    private static ObjectNode item(Call call, String status, String arguments) {
        var item = Json.object();
        item.put("id", "fc_" + call.id());
        item.put("type", "function_call");
        item.put("status", status);
        item.put("call_id", "call_" + call.id());
        item.put("name", call.name());
        item.put("arguments", arguments);
        return item;
    }

    @Override
    public List<SseEvent> opening() {
        return List.of(
                withResponse("response.created", response("in_progress")),
                withResponse("response.in_progress", response("in_progress")));
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
        var list = new ArrayList<SseEvent>();
        if (index == 0) {
            list.add(withItem("response.output_item.added", 0, message("in_progress", null)));
            list.add(withPart("response.content_part.added", part("")));
        }
        list.add(
                new SseEvent(
                        "response.output_text.delta",
                        "{\"type\":\"response.output_text.delta\",\"sequence_number\":"
                                + sequence++
                                + ",\"item_id\":"
                                + Json.quote(messageId)
                                + ",\"output_index\":0,\"content_index\":0,\"delta\":"
                                + Json.quote(answer.speech().piece(index))
                                + ",\"logprobs\":[]}"));
        if (index == texts - 1) {
            var whole = answer.speech().whole();
            var done = event("response.output_text.done");
            done.put("item_id", messageId);
            done.put("output_index", 0);
            done.put("content_index", 0);
            done.put("text", whole);
            done.putArray("logprobs");
            list.add(sse(done));
            list.add(withPart("response.content_part.done", part(whole)));
            list.add(withItem("response.output_item.done", 0, message("completed", whole)));
        }
        return list;
    }

    private List<SseEvent> tool(Piece piece) {
        var call = answer.calls().get(piece.call());
        var output = piece.call() + (texts > 0 ? 1 : 0);
        var list = new ArrayList<SseEvent>();
        if (piece.index() == 0) {
            list.add(withItem("response.output_item.added", output, item(call, "in_progress", "")));
        }
        var delta = event("response.function_call_arguments.delta");
        delta.put("item_id", "fc_" + call.id());
        delta.put("output_index", output);
        delta.put("delta", call.pieces().get(piece.index()));
        list.add(sse(delta));
        if (piece.index() == call.pieces().size() - 1) {
            var done = event("response.function_call_arguments.done");
            done.put("item_id", "fc_" + call.id());
            done.put("output_index", output);
            done.put("name", call.name());
            done.put("arguments", call.arguments());
            list.add(sse(done));
            list.add(
                    withItem(
                            "response.output_item.done",
                            output,
                            item(call, "completed", call.arguments())));
        }
        return list;
    }

    @Override
    public List<SseEvent> finish() {
        var type = answer.finish() == Finish.LENGTH ? "response.incomplete" : "response.completed";
        var list = new ArrayList<SseEvent>();
        list.add(withResponse(type, completed()));
        if (answer.reported().twice()) {
            list.add(withResponse(type, completed()));
        }
        return list;
    }

    @Override
    public List<SseEvent> terminal() {
        return List.of();
    }

    @Override
    public List<SseEvent> error(ApiError error) {
        var failed = response("failed");
        var inner = error.body(Dialect.OPENAI, "").path("error");
        failed.putObject("error")
                .put("code", inner.path("code").asText("server_error"))
                .put("message", inner.path("message").asText());
        return List.of(withResponse("response.failed", failed));
    }

    @Override
    public SseEvent padding(int bytes) {
        var event = event("response.in_progress");
        event.set("response", response("in_progress"));
        event.put("obfuscation", "x".repeat(bytes));
        return sse(event);
    }

    private ObjectNode event(String type) {
        return Json.object().put("type", type).put("sequence_number", sequence++);
    }

    private SseEvent withResponse(String type, ObjectNode response) {
        var event = event(type);
        event.set("response", response);
        return sse(event);
    }

    private SseEvent withItem(String type, int output, ObjectNode item) {
        var event = event(type);
        event.put("output_index", output);
        event.set("item", item);
        return sse(event);
    }

    private SseEvent withPart(String type, ObjectNode part) {
        var event = event(type);
        event.put("item_id", messageId);
        event.put("output_index", 0);
        event.put("content_index", 0);
        event.set("part", part);
        return sse(event);
    }

    private static SseEvent sse(ObjectNode event) {
        return new SseEvent(event.path("type").asText(), event.toString());
    }
}
