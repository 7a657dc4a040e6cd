package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.wire.Answer.Call;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gemini generateContent: whole parts in each chunk, the usage on every one, the finish reason on
 * the last. Its {@code candidatesTokenCount} excludes the thoughts. It says STOP for tool calls,
 * too.
 */
final class GeminiContent implements StreamEncoder {
    private final Answer answer;
    private final int texts;

    GeminiContent(Answer answer) {
        this.answer = answer;
        this.texts = answer.speech().pieces();
    }

    static ObjectNode body(Answer answer) {
        var parts = Json.array();
        if (answer.speech().pieces() > 0) {
            parts.addObject().put("text", answer.speech().whole());
        }
        answer.calls().forEach(call -> parts.add(part(call)));
        return response(answer, parts, finishReason(answer), answer.reported());
    }

    private static ObjectNode part(Call call) {
        var part = Json.object();
        var function = part.putObject("functionCall");
        function.put("id", call.id());
        function.put("name", call.name());
        try {
            function.set("args", Json.MAPPER.readTree(call.arguments()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("arguments were written by this program", e);
        }
        return part;
    }

    private static ObjectNode response(
            Answer answer, ArrayNode parts, @Nullable String finish, ReportedUsage reported) {
        var body = Json.object();
        var candidate = body.putArray("candidates").addObject();
        var content = candidate.putObject("content");
        content.set("parts", parts);
        content.put("role", "model");
        if (finish != null) {
            candidate.put("finishReason", finish);
        }
        candidate.put("index", 0);
        if (!reported.omitted()) {
            body.set("usageMetadata", usage(reported));
        }
        body.put("modelVersion", answer.model());
        body.put("responseId", answer.id());
        return body;
    }

    private static ObjectNode usage(ReportedUsage reported) {
        var usage = Json.object();
        usage.put("promptTokenCount", reported.input());
        usage.put("candidatesTokenCount", reported.output() - reported.reasoning());
        usage.put("totalTokenCount", reported.input() + reported.output());
        if (reported.cached() != 0) {
            usage.put("cachedContentTokenCount", reported.cached());
        }
        usage.set("promptTokensDetails", textModality(reported.input()));
        if (reported.reasoning() != 0) {
            usage.put("thoughtsTokenCount", reported.reasoning());
        }
        return usage;
    }

    static ArrayNode textModality(long tokens) {
        var list = Json.array();
        list.addObject().put("modality", "TEXT").put("tokenCount", tokens);
        return list;
    }

    private static String finishReason(Answer answer) {
        return switch (answer.finish()) {
            case STOP, TOOL_CALLS -> "STOP";
            case LENGTH -> "MAX_TOKENS";
        };
    }

    @Override
    public List<SseEvent> opening() {
        return List.of();
    }

    @Override
    public int chunks() {
        return texts + answer.calls().size();
    }

    @Override
    public List<SseEvent> chunk(int index) {
        var parts = Json.array();
        if (index < texts) {
            parts.addObject().put("text", answer.speech().piece(index));
        } else {
            parts.add(part(answer.calls().get(index - texts)));
        }
        var soFar = answer.reported().soFar(answer.outputAfter(index + 1, chunks()));
        return List.of(SseEvent.data(response(answer, parts, null, soFar).toString()));
    }

    @Override
    public List<SseEvent> finish() {
        var parts = Json.array();
        parts.addObject().put("text", "");
        var event =
                SseEvent.data(
                        response(answer, parts, finishReason(answer), answer.reported())
                                .toString());
        return answer.reported().twice() ? List.of(event, event) : List.of(event);
    }

    @Override
    public List<SseEvent> terminal() {
        return List.of();
    }

    @Override
    public List<SseEvent> error(ApiError error) {
        return List.of(SseEvent.data(error.body(Dialect.GEMINI, "").toString()));
    }

    @Override
    public SseEvent padding(int bytes) {
        var parts = Json.array();
        parts.addObject().put("text", "").put("thoughtSignature", "x".repeat(bytes));
        return SseEvent.data(response(answer, parts, null, answer.reported().soFar(0)).toString());
    }
}
