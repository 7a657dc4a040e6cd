package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.ProviderUsage;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a complete Gemini answer. Traces of Google's own tools are left out. */
final class GeminiAnswerReader {
    private GeminiAnswerReader() {}

    static Reading read(ObjectNode body, String idSeed) {
        var candidates = body.path("candidates");
        var blocked = blocked(body);
        if (!candidates.path(0).isObject() && blocked == null) {
            return new Reading.Unreadable("the provider's answer has no candidates");
        }
        var choices = new ArrayList<Answer.Choice>();
        if (blocked != null) {
            choices.add(
                    new Answer.Choice(
                            List.of(new Part.Refusal(blocked)),
                            FinishReason.CONTENT_FILTER,
                            Json.text(body.path("promptFeedback"), "blockReason"),
                            List.of()));
        }
        for (var candidate : inOrder(candidates)) {
            var parts = parts(candidate, CallIds.seed(idSeed, choices.size()));
            var word = Json.text(candidate, "finishReason");
            if (parts.isEmpty() && word != null && GeminiFinish.failed(word)) {
                return new Reading.Unreadable(
                        "the provider's model failed with "
                                + word
                                + ": "
                                + Json.textOr(candidate, "finishMessage", "no content"));
            }
            choices.add(
                    new Answer.Choice(
                            parts,
                            word == null ? FinishReason.STOP : GeminiFinish.read(word),
                            word,
                            GeminiLogprobs.read(candidate)));
        }
        return new Reading.Read(
                Answer.of(
                        Json.text(body, "responseId"),
                        Json.text(body, "modelVersion"),
                        choices,
                        ProviderUsage.read(Dialect.GEMINI, body)));
    }

    /** By their index, which the first may leave out. */
    private static List<JsonNode> inOrder(JsonNode candidates) {
        var sorted = new ArrayList<JsonNode>();
        candidates.forEach(sorted::add);
        sorted.sort(Comparator.comparingInt(candidate -> candidate.path("index").asInt()));
        return sorted;
    }

    private static List<Part> parts(JsonNode candidate, String idSeed) {
        var parts = new ArrayList<Part>();
        int calls = 0;
        var nodes = candidate.path("content").path("parts");
        for (int i = 0; i < nodes.size(); i++) {
            var part = part(nodes.get(i), idSeed, calls);
            if (part instanceof Part.Text(var text, _, _, var signature)) {
                part =
                        new Part.Text(
                                text, null, Grounding.read(candidate, nodes, i, text), signature);
            }
            if (part != null) {
                parts.add(part);
                calls += part instanceof Part.ToolCall ? 1 : 0;
            }
        }
        return parts;
    }

    /** Why the prompt was blocked, null if it was not. */
    static @Nullable String blocked(JsonNode body) {
        var feedback = body.path("promptFeedback");
        var reason = Json.text(feedback, "blockReason");
        if (reason == null || body.path("candidates").path(0).isObject()) {
            return null;
        }
        return Json.textOr(feedback, "blockReasonMessage", "The prompt was blocked: " + reason);
    }

    private static @Nullable Part part(JsonNode node, String idSeed, int calls) {
        var signature = Signature.read(Json.text(node, "thoughtSignature"), Issuer.GEMINI);
        var text = Json.text(node, "text");
        if (text != null) {
            return Json.isTrue(node, "thought")
                    ? new Part.Reasoning(text, signature, false)
                    : new Part.Text(text, null, List.of(), signature);
        }
        var call = Json.objectIn(node, "functionCall");
        var name = call == null ? null : Json.text(call, "name");
        if (call == null || name == null) {
            return made(node);
        }
        var args = call.path("args");
        return new Part.ToolCall(
                id(call, idSeed, calls),
                name,
                args.isObject() ? Json.write(args) : "{}",
                false,
                signature);
    }

    /** A file that the model made; null for other parts, and for what it thought of. */
    static @Nullable Part made(JsonNode part) {
        var data = part.path("inlineData");
        var type = Json.isTrue(part, "thought") ? null : Json.text(data, "mimeType");
        return type == null
                ? null
                : MadeMedia.part(
                        new Media.Inline(
                                type, GeminiTurnsReader.standard(Json.textOr(data, "data", ""))));
    }

    static String id(JsonNode call, String idSeed, int calls) {
        var id = Json.text(call, "id");
        return id == null || id.isEmpty() ? CallIds.made(idSeed, calls) : id;
    }
}
