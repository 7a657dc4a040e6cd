package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Documents;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.Turn;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes the contents of a generateContent request. Thoughts are not sent back, but for Gemini's
 * signature, which goes to the part behind them; where a turn's first call has none, Google's
 * documented value stands in that asks not to check.
 */
final class GeminiTurnsWriter {
    private final GeminiModel model;

    GeminiTurnsWriter(GeminiModel model) {
        this.model = model;
    }

    void write(List<Turn> turns, ArrayNode contents) {
        for (var turn : turns) {
            var parts = Json.array();
            if (turn.role() == Role.ASSISTANT) {
                model(turn.parts(), parts);
            } else {
                for (var part : turn.parts()) {
                    user(part, parts);
                }
            }
            if (parts.isEmpty()) {
                parts.addObject().put("text", "");
            }
            var content = contents.addObject();
            content.put("role", turn.role() == Role.ASSISTANT ? "model" : "user");
            content.set("parts", parts);
        }
    }

    private void model(List<Part> turn, ArrayNode parts) {
        Signature pending = null;
        boolean firstCall = true;
        for (var part : turn) {
            switch (part) {
                case Part.Reasoning thought -> {
                    var signature = own(thought.signature());
                    pending = signature == null ? pending : signature;
                }
                case Part.Text(var text, _, _, var signature) -> {
                    if (!text.isEmpty()) {
                        sign(parts.addObject().put("text", text), own(signature));
                    }
                }
                case Part.Refusal(var text) -> parts.addObject().put("text", text);
                case Part.ToolCall call -> {
                    var node = parts.addObject();
                    var function = node.putObject("functionCall");
                    function.put("id", call.id()).put("name", call.name());
                    function.set("args", Json.arguments(call.arguments()));
                    var signature = own(call.signature());
                    sign(node, signature == null ? pending : signature);
                    if (firstCall && model.third() && !node.has("thoughtSignature")) {
                        node.put("thoughtSignature", UncheckedSignature.VALUE);
                    }
                    pending = null;
                    firstCall = false;
                }
                case Part.Image _, Part.Document _, Part.Audio _, Part.Video _, Part.ToolResult _ ->
                        user(part, parts);
            }
        }
    }

    private static @Nullable Signature own(@Nullable Signature signature) {
        return signature != null && signature.issuer() == Issuer.GEMINI ? signature : null;
    }

    private static void sign(ObjectNode part, @Nullable Signature signature) {
        if (signature != null) {
            part.put("thoughtSignature", signature.value());
        }
    }

    private void user(Part part, ArrayNode parts) {
        switch (part) {
            case Part.Text(var text, _, _, _) -> {
                if (!text.isEmpty()) {
                    parts.addObject().put("text", text);
                }
            }
            case Part.Refusal(var text) -> parts.addObject().put("text", text);
            case Part.Image(var media, _, _) -> media(media, "image/jpeg", parts);
            case Part.Document(var media, var title, _) -> {
                if (title != null && media instanceof Media.PlainText) {
                    parts.addObject().put("text", title + ":");
                }
                media(media, "application/pdf", parts);
            }
            case Part.Audio(var media) -> media(media, "audio/mpeg", parts);
            case Part.Video(var media) -> media(media, "video/mp4", parts);
            case Part.ToolResult result -> toolResult(result, parts);
            case Part.ToolCall _, Part.Reasoning _ -> {}
        }
    }

    private void toolResult(Part.ToolResult result, ArrayNode parts) {
        var function = parts.addObject().putObject("functionResponse");
        function.put("id", result.callId());
        function.put("name", result.name() == null ? result.callId() : result.name());
        var text = new StringBuilder();
        var media = Json.array();
        for (var part : result.content()) {
            if (part instanceof Part.Text(var words, _, _, _)) {
                text.append(text.isEmpty() ? "" : "\n").append(words);
            } else if (part instanceof Part.Document(Media.PlainText(var words), var title, _)) {
                text.append(text.isEmpty() ? "" : "\n").append(Documents.plain(title, words));
            } else {
                user(part, media);
            }
        }
        function.putObject("response").put(result.error() ? "error" : "output", text.toString());
        if (media.isEmpty()) {
            return;
        }
        if (model.third()) {
            function.set("parts", media);
        } else {
            parts.addObject().put("text", "Result of tool call " + result.callId() + ":");
            parts.addAll(media);
        }
    }

    static void media(Media media, String likelyType, ArrayNode parts) {
        switch (media) {
            case Media.Inline(var type, var base64) ->
                    parts.addObject()
                            .putObject("inlineData")
                            .put("mimeType", type)
                            .put("data", base64);
            case Media.Url(var url, var type) ->
                    parts.addObject()
                            .putObject("fileData")
                            .put("mimeType", type == null ? type(url, likelyType) : type)
                            .put("fileUri", url);
            case Media.PlainText(var text) -> parts.addObject().put("text", text);
        }
    }

    private static String type(String url, String likely) {
        var path = url.replaceFirst("[?#].*", "").toLowerCase(Locale.ROOT);
        return switch (path.substring(path.lastIndexOf('.') + 1)) {
            case "png" -> "image/png";
            case "jpg", "jpeg" -> "image/jpeg";
            case "webp" -> "image/webp";
            case "gif" -> "image/gif";
            case "pdf" -> "application/pdf";
            case "txt" -> "text/plain";
            default -> likely;
        };
    }
}
