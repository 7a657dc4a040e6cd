package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.ProviderUsage;
import dev.tollgate.dialects.codec.StreamFailures;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.usage.RunningUsage;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads chunks of chat completions, of one choice or of several. */
final class ChatStreamReader implements StreamReader {
    private final String idSeed;
    private final Map<Integer, ChatChoiceReader> choices = new TreeMap<>();
    private final ChatChoiceReader first;
    private final RunningUsage usage = new RunningUsage(Dialect.OPENAI_CHAT);
    private boolean usageOfOne;
    private boolean started;

    ChatStreamReader(String idSeed) {
        this.idSeed = idSeed;
        first = new ChatChoiceReader(idSeed);
        choices.put(0, first);
    }

    @Override
    public void event(@Nullable String name, JsonNode data, Consumer<AnswerEvent> out) {
        var error = data.path("error");
        boolean bare = "error".equals(Json.text(data, "object")); // vLLM
        if (error.isObject() || error.isTextual() || bare || "error".equals(name)) {
            out.accept(StreamFailures.read(Dialect.OPENAI_CHAT, data));
            return;
        }
        // Azure starts with a chunk of no choices that names no model
        if (!started && (!data.path("choices").isEmpty() || data.path("usage").isObject())) {
            started = true;
            out.accept(new AnswerEvent.Start(Json.text(data, "id"), Json.text(data, "model")));
        }
        choices.values().forEach(each -> each.beside(data));
        for (var node : Json.arrayIn(data, "choices")) {
            int index = node.path("index").asInt();
            var choice = choice(index);
            if (choice != null) {
                choice.choice(node, AnswerEvent.of(index, out));
            }
        }
        if (ProviderUsage.find(Dialect.OPENAI_CHAT, data) instanceof ObjectNode object) {
            usage.saw(object);
            var with = data.path("choices");
            usageOfOne = !with.isArray() || !with.isEmpty();
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
    public boolean usageOfOne() {
        return usageOfOne;
    }

    private @Nullable ChatChoiceReader choice(int index) {
        return index < 0 || index >= AnswerEvent.MAX_CHOICES
                ? null
                : choices.computeIfAbsent(
                        index, i -> new ChatChoiceReader(CallIds.seed(idSeed, i)));
    }

    @Override
    public int waitingChars() {
        int chars = 0;
        for (var choice : choices.values()) {
            chars += choice.waitingChars();
        }
        return chars;
    }

    @Override
    public void endMark(Consumer<AnswerEvent> out) {
        choices.forEach((index, choice) -> choice.endMark(AnswerEvent.of(index, out)));
        end(out);
    }

    @Override
    public void end(Consumer<AnswerEvent> out) {
        choices.forEach((index, choice) -> choice.end(AnswerEvent.of(index, out)));
        if (first.finished()) {
            out.accept(new AnswerEvent.Done());
        }
    }
}
