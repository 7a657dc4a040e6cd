package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.ProviderUsage;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.Citation;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a complete Messages answer. Traces of Anthropic's own tools are left out. */
final class MessagesAnswerReader {
    private MessagesAnswerReader() {}

    static Reading read(ObjectNode body) {
        if (!(body.path("content").isArray())) {
            return new Reading.Unreadable("the provider's answer has no content");
        }
        var parts = new ArrayList<Part>();
        for (var block : body.path("content")) {
            var part = part(block);
            if (part != null) {
                parts.add(part);
            }
        }
        var word = Json.text(body, "stop_reason");
        var finish = word == null ? FinishReason.STOP : MessagesStop.read(word);
        var explanation = Json.text(body.path("stop_details"), "explanation");
        if (finish == FinishReason.CONTENT_FILTER && explanation != null) {
            parts.add(new Part.Refusal(explanation));
        }
        return new Reading.Read(
                new Answer(
                        Json.text(body, "id"),
                        Json.text(body, "model"),
                        parts,
                        finish,
                        word,
                        Json.text(body, "stop_sequence"),
                        ProviderUsage.read(Dialect.ANTHROPIC, body)));
    }

    private static @Nullable Part part(JsonNode block) {
        return switch (Json.textOr(block, "type", "")) {
            case "text" -> {
                var text = Json.textOr(block, "text", "");
                yield new Part.Text(text, null, citations(block, text.length()), null);
            }
            case "thinking" ->
                    new Part.Reasoning(
                            Json.textOr(block, "thinking", ""),
                            Signature.read(Json.text(block, "signature"), Issuer.ANTHROPIC),
                            false);
            case "redacted_thinking" ->
                    new Part.Reasoning(
                            "", Signature.read(Json.text(block, "data"), Issuer.ANTHROPIC), true);
            case "tool_use" ->
                    new Part.ToolCall(
                            Json.textOr(block, "id", ""),
                            Json.textOr(block, "name", ""),
                            block.path("input").isObject() ? Json.write(block.path("input")) : "{}",
                            false,
                            null);
            default -> null;
        };
    }

    private static List<Citation> citations(JsonNode block, int length) {
        var citations = new ArrayList<Citation>();
        for (var each : Json.arrayIn(block, "citations")) {
            var citation = citation(each, 0, length);
            if (citation != null) {
                citations.add(citation);
            }
        }
        return citations;
    }

    /** Null for citations of the client's own documents: other dialects have no form for them. */
    static @Nullable Citation citation(JsonNode node, int start, int end) {
        var url = Json.text(node, "url");
        return url == null ? null : new Citation(url, Json.text(node, "title"), start, end);
    }
}
