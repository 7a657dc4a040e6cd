package dev.tollgate.dialects.gemini;

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
import dev.tollgate.dialects.error.ErrorBody;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes the chunks of a Gemini stream, as server-sent events or as one JSON array. Each has a part
 * of one candidate; finish reasons and usage stand in the last chunk.
 */
final class GeminiStreamWriter implements StreamWriter {
    private final ClientTerms terms;
    private final GeminiCandidateWriter first;
    private final Map<Integer, GeminiCandidateWriter> others = new TreeMap<>();
    private String id;
    private String model;
    private boolean wrote;
    private @Nullable Usage usage;

    GeminiStreamWriter(ClientTerms terms) {
        this.terms = terms;
        this.first = new GeminiCandidateWriter(0, this::chunk);
        this.id = terms.id();
        this.model = terms.modelOr(null);
    }

    @Override
    public void write(AnswerEvent event, SseOut out) {
        switch (event) {
            case AnswerEvent.Start(var providerId, var providerModel) -> {
                id = GeminiAnswerWriter.id(providerId, terms);
                model = terms.modelOr(providerModel);
            }
            case AnswerEvent.UsageSeen(var seen) -> usage = seen;
            case AnswerEvent.Of(int choice, var its) ->
                    others.computeIfAbsent(choice, i -> new GeminiCandidateWriter(i, this::chunk))
                            .write(its, out);
            case AnswerEvent.Said said -> first.write(said, out);
            case AnswerEvent.Done _, AnswerEvent.Failed _ -> {}
        }
    }

    private void chunk(ObjectNode candidate, SseOut out) {
        chunk(Json.array().add(candidate), false, out);
    }

    private void chunk(ArrayNode candidates, boolean last, SseOut out) {
        var chunk = Json.object();
        chunk.set("candidates", candidates);
        if (last || usage != null) {
            chunk.set(
                    "usageMetadata", GeminiAnswerWriter.usage(usage == null ? Usage.NONE : usage));
        }
        chunk.put("modelVersion", model);
        chunk.put("responseId", id);
        element(chunk, out);
    }

    private void element(ObjectNode chunk, SseOut out) {
        if (terms.sse()) {
            out.data(chunk);
        } else {
            out.raw(wrote ? ",\r\n" : "[");
            out.write(Json.bytes(chunk));
        }
        wrote = true;
    }

    @Override
    public void close(SseOut out) {
        var last = Json.array();
        last.add(first.close(out));
        others.values().forEach(each -> last.add(each.close(out)));
        chunk(last, true, out);
        endArray(out);
    }

    @Override
    public void fail(ErrorKind kind, String message, SseOut out) {
        if (!terms.sse()) {
            out.raw(wrote ? ",\r\n" : "[");
        }
        out.write(ErrorBody.event(Dialect.GEMINI, kind, message, terms.sse()));
        endArray(out);
    }

    private void endArray(SseOut out) {
        if (!terms.sse()) {
            out.raw("]");
        }
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
