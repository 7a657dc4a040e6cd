package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.StreamFailures;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.usage.RunningUsage;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the chunks of a Gemini stream. Each is a whole answer with some parts of one candidate or
 * of several; usage is cumulative, the last value of each field counts.
 */
final class GeminiStreamReader implements StreamReader {
    private final String idSeed;
    private final RunningUsage usage = new RunningUsage(Dialect.GEMINI);
    private final Map<Integer, GeminiCandidateReader> candidates = new TreeMap<>();
    private boolean started;

    GeminiStreamReader(String idSeed) {
        this.idSeed = idSeed;
    }

    @Override
    public void event(@Nullable String name, JsonNode data, Consumer<AnswerEvent> out) {
        var body = data.isArray() && data.size() == 1 ? data.get(0) : data;
        if (body.path("error").isObject()) {
            out.accept(StreamFailures.read(Dialect.GEMINI, body));
            return;
        }
        if (!started) {
            started = true;
            out.accept(
                    new AnswerEvent.Start(
                            Json.text(body, "responseId"), Json.text(body, "modelVersion")));
        }
        for (var node : body.path("candidates")) {
            int index = node.path("index").asInt();
            var candidate = candidate(index);
            if (candidate != null) {
                candidate.candidate(node, AnswerEvent.of(index, out));
            }
        }
        var blocked = GeminiAnswerReader.blocked(body);
        var first = blocked == null ? null : candidate(0);
        if (blocked != null && first != null) {
            first.blocked(blocked, body.path("promptFeedback").path("blockReason").asText(), out);
        }
        usage(body.path("usageMetadata"), out);
    }

    private @Nullable GeminiCandidateReader candidate(int index) {
        return index < 0 || index >= AnswerEvent.MAX_CHOICES
                ? null
                : candidates.computeIfAbsent(
                        index, i -> new GeminiCandidateReader(CallIds.seed(idSeed, i)));
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

    @Override
    public int waitingChars() {
        int chars = 0;
        for (var candidate : candidates.values()) {
            chars += candidate.waitingChars();
        }
        return chars;
    }

    @Override
    public void end(Consumer<AnswerEvent> out) {
        boolean complete = false;
        for (var candidate : candidates.entrySet()) {
            int index = candidate.getKey();
            boolean ended = candidate.getValue().end(AnswerEvent.of(index, out));
            complete |= ended && index == 0;
        }
        if (complete) {
            out.accept(new AnswerEvent.Done());
        }
    }
}
