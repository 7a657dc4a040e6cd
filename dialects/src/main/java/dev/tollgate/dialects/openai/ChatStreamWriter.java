package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.error.ErrorBody;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes chunks of chat completions: those of each choice, the last of which has its finish reason,
 * one with the usage if the client asked for it, {@code [DONE]}.
 */
final class ChatStreamWriter implements StreamWriter {
    private final ClientTerms terms;
    private final boolean functions;
    private final ChatChoiceWriter first;
    private final Map<Integer, ChatChoiceWriter> others = new TreeMap<>();
    private String id;
    private String model;
    private @Nullable Usage usage;

    ChatStreamWriter(ClientTerms terms) {
        this.terms = terms;
        this.functions = ChatAnswerWriter.functions(terms);
        this.first = new ChatChoiceWriter(0, functions, this::chunk);
        this.id = ChatAnswerWriter.id(null, terms);
        this.model = terms.modelOr(null);
    }

    @Override
    public void write(AnswerEvent event, SseOut out) {
        switch (event) {
            case AnswerEvent.Start(var providerId, var providerModel) -> {
                id = ChatAnswerWriter.id(providerId, terms);
                model = terms.modelOr(providerModel);
                first.start(out);
            }
            case AnswerEvent.UsageSeen(var seen) -> usage = seen;
            case AnswerEvent.Of(int choice, var its) ->
                    others.computeIfAbsent(
                                    choice, i -> new ChatChoiceWriter(i, functions, this::chunk))
                            .write(its, out);
            case AnswerEvent.Said said -> first.write(said, out);
            case AnswerEvent.Done _, AnswerEvent.Failed _ -> {}
        }
    }

    private void chunk(ObjectNode choice, SseOut out) {
        var chunk = head();
        chunk.putArray("choices").add(choice);
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
        first.close(out);
        others.values().forEach(each -> each.close(out));
        if (terms.includeUsage()) {
            var chunk = head();
            chunk.putArray("choices");
            chunk.set("usage", ChatUsage.write(usage == null ? Usage.NONE : usage));
            out.data(chunk);
        }
        out.raw("data: [DONE]\n\n");
    }

    @Override
    public void fail(ErrorKind kind, String message, SseOut out) {
        out.write(ErrorBody.event(Dialect.OPENAI_CHAT, kind, message, true));
    }

    @Override
    public int waitingChars() {
        int chars = first.waitingChars();
        for (var other : others.values()) {
            chars += other.waitingChars();
        }
        return chars;
    }
}
