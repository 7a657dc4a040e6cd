package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.wire.Answer.Finish;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** OpenAI chat completions: one object, or chunks that end in {@code [DONE]}. */
final class OpenAiChat implements StreamEncoder {
    private final Answer answer;
    private final boolean includeUsage;
    private final String head;
    private final String tail;
    private final List<Piece> callPieces;

    /** A piece of a tool call's arguments; the first one of a call carries its id and name. */
    private record Piece(int call, int index) {}

    OpenAiChat(Ask ask, Answer answer) {
        this.answer = answer;
        this.includeUsage = ask.includeUsage();
        this.head =
                "{\"id\":"
                        + Json.quote("chatcmpl-" + answer.id())
                        + ",\"object\":\"chat.completion.chunk\",\"created\":"
                        + answer.createdEpochSeconds()
                        + ",\"model\":"
                        + Json.quote(answer.model())
                        + ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_simulator\"";
        this.tail = includeUsage ? ",\"usage\":null}" : "}";
        this.callPieces = callPieces(answer);
    }

    private static List<Piece> callPieces(Answer answer) {
        var list = new ArrayList<Piece>();
        if (!answer.interleaved()) {
            for (var call = 0; call < answer.calls().size(); call++) {
                for (var i = 0; i < answer.calls().get(call).pieces().size(); i++) {
                    list.add(new Piece(call, i));
                }
            }
            return list;
        }
        var rounds = answer.calls().stream().mapToInt(c -> c.pieces().size()).max().orElse(0);
        for (var i = 0; i < rounds; i++) {
            for (var call = 0; call < answer.calls().size(); call++) {
                if (i < answer.calls().get(call).pieces().size()) {
                    list.add(new Piece(call, i));
                }
            }
        }
        return list;
    }

    static ObjectNode body(Answer answer) {
        var body = Json.object();
        body.put("id", "chatcmpl-" + answer.id());
        body.put("object", "chat.completion");
        body.put("created", answer.createdEpochSeconds());
        body.put("model", answer.model());
        var choice = body.putArray("choices").addObject();
        choice.put("index", 0);
        var message = choice.putObject("message");
        message.put("role", "assistant");
        message.put("content", saysNothing(answer) ? null : answer.speech().whole());
        message.putNull("refusal");
        message.putArray("annotations");
        if (!answer.calls().isEmpty()) {
            var calls = message.putArray("tool_calls");
            for (var call : answer.calls()) {
                var node = calls.addObject();
                node.put("id", "call_" + call.id());
                node.put("type", "function");
                node.putObject("function")
                        .put("name", call.name())
                        .put("arguments", call.arguments());
            }
        }
        choice.putNull("logprobs");
        choice.put("finish_reason", finishReason(answer.finish()));
        if (!answer.reported().omitted()) {
            body.set("usage", usage(answer.reported()));
        }
        body.put("service_tier", "default");
        body.put("system_fingerprint", "fp_simulator");
        return body;
    }

    private static boolean saysNothing(Answer answer) {
        return answer.speech().pieces() == 0 && !answer.calls().isEmpty();
    }

    static ObjectNode usage(ReportedUsage reported) {
        var usage = Json.object();
        usage.put("prompt_tokens", reported.input());
        usage.put("completion_tokens", reported.output());
        usage.put("total_tokens", reported.input() + reported.output());
        var prompt = usage.putObject("prompt_tokens_details");
        prompt.put("cached_tokens", reported.cached());
        prompt.put("audio_tokens", 0);
        if (reported.cacheWrite() != 0) {
            prompt.put("cache_write_tokens", reported.cacheWrite());
        }
        usage.putObject("completion_tokens_details")
                .put("reasoning_tokens", reported.reasoning())
                .put("audio_tokens", 0)
                .put("accepted_prediction_tokens", 0)
                .put("rejected_prediction_tokens", 0);
        return usage;
    }

    private static String finishReason(Finish finish) {
        return switch (finish) {
            case STOP -> "stop";
            case LENGTH -> "length";
            case TOOL_CALLS -> "tool_calls";
        };
    }

    @Override
    public List<SseEvent> opening() {
        var content = saysNothing(answer) ? "null" : "\"\"";
        return List.of(
                choice(
                        "{\"role\":\"assistant\",\"content\":" + content + ",\"refusal\":null}",
                        null));
    }

    @Override
    public int chunks() {
        return answer.speech().pieces() + callPieces.size();
    }

    @Override
    public List<SseEvent> chunk(int index) {
        var texts = answer.speech().pieces();
        return List.of(
                index < texts
                        ? choice(
                                "{\"content\":" + Json.quote(answer.speech().piece(index)) + "}",
                                null)
                        : choice(callDelta(callPieces.get(index - texts)), null));
    }

    private String callDelta(Piece piece) {
        var call = answer.calls().get(piece.call());
        var first =
                piece.index() > 0
                        ? ""
                        : "\"id\":" + Json.quote("call_" + call.id()) + ",\"type\":\"function\",";
        var name = piece.index() > 0 ? "" : "\"name\":" + Json.quote(call.name()) + ",";
        return "{\"tool_calls\":[{\"index\":"
                + piece.call()
                + ","
                + first
                + "\"function\":{"
                + name
                + "\"arguments\":"
                + Json.quote(call.pieces().get(piece.index()))
                + "}}]}";
    }

    @Override
    public List<SseEvent> finish() {
        var list = new ArrayList<SseEvent>();
        list.add(choice("{}", finishReason(answer.finish())));
        if (includeUsage && !answer.reported().omitted()) {
            var event =
                    SseEvent.data(
                            head + ",\"choices\":[],\"usage\":" + usage(answer.reported()) + "}");
            list.add(event);
            if (answer.reported().twice()) {
                list.add(event);
            }
        }
        return list;
    }

    @Override
    public List<SseEvent> terminal() {
        return List.of(SseEvent.data("[DONE]"));
    }

    @Override
    public List<SseEvent> error(ApiError error) {
        return List.of(SseEvent.data(error.body(Dialect.OPENAI, "").toString()));
    }

    @Override
    public SseEvent padding(int bytes) {
        return SseEvent.data(
                head
                        + ",\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":null}],"
                        + "\"obfuscation\":\""
                        + "x".repeat(bytes)
                        + "\""
                        + tail);
    }

    private SseEvent choice(String delta, @Nullable String finish) {
        return SseEvent.data(
                head
                        + ",\"choices\":[{\"index\":0,\"delta\":"
                        + delta
                        + ",\"logprobs\":null,\"finish_reason\":"
                        + (finish == null ? "null" : "\"" + finish + "\"")
                        + "}]"
                        + tail);
    }
}
