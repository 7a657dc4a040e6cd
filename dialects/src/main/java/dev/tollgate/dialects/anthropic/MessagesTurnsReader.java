package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.tollgate.dialects.codec.Documents;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Kind;
import dev.tollgate.dialects.codec.Thoughts;
import dev.tollgate.dialects.conversation.CacheMarker;
import dev.tollgate.dialects.conversation.Draft;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.Trait;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the messages of a Messages request. */
final class MessagesTurnsReader {
    private final Draft draft;

    MessagesTurnsReader(Draft draft) {
        this.draft = draft;
    }

    void read(@Nullable JsonNode value) {
        if (!(value instanceof ArrayNode messages) || messages.isEmpty()) {
            draft.malformed("messages: expected an array with at least one message", "messages");
            return;
        }
        for (int i = 0; i < messages.size(); i++) {
            var message = messages.get(i);
            var at = "messages[" + i + "]";
            var parts = content(message.path("content"), at + ".content");
            switch (Json.textOr(message, "role", "")) {
                case "user" -> draft.turn(Role.USER, parts);
                case "assistant" -> draft.turn(Role.ASSISTANT, parts);
                case "system" -> draft.turn(Role.SYSTEM, parts);
                default -> draft.malformed(at + ".role: expected user or assistant", at + ".role");
            }
        }
        if ("assistant".equals(Json.text(messages.get(messages.size() - 1), "role"))) {
            draft.uses(Trait.PREFILL, "messages[-1].role=assistant");
        }
    }

    List<Part> content(JsonNode content, String at) {
        var parts = new ArrayList<Part>();
        if (content.isTextual()) {
            parts.add(new Part.Text(content.textValue()));
            return parts;
        }
        if (!content.isArray()) {
            draft.malformed(at + ": expected a string or an array of blocks", at);
            return parts;
        }
        for (int i = 0; i < content.size(); i++) {
            block(content.get(i), at + "[" + i + "]", parts);
        }
        return Thoughts.toCalls(parts);
    }

    private void block(JsonNode block, String at, List<Part> parts) {
        var type = Json.textOr(block, "type", "");
        var marker = cacheMarker(draft, block, at.replaceAll("\\[\\d+]", "[]") + ".cache_control");
        switch (type) {
            case "text" -> parts.add(new Part.Text(Json.textOr(block, "text", ""), marker));
            case "image" -> image(block.path("source"), at, marker, parts);
            case "document" -> document(block, at, marker, parts);
            case "search_result" -> searchResult(block, marker, parts);
            case "thinking" ->
                    parts.add(
                            new Part.Reasoning(
                                    Json.textOr(block, "thinking", ""),
                                    Signature.read(Json.text(block, "signature"), Issuer.ANTHROPIC),
                                    false));
            case "redacted_thinking" ->
                    parts.add(
                            new Part.Reasoning(
                                    "",
                                    Signature.read(Json.text(block, "data"), Issuer.ANTHROPIC),
                                    true));
            case "tool_use" -> {
                Kind.OBJECT.check(draft, block, at + ".", "input");
                parts.add(
                        new Part.ToolCall(
                                Json.textOr(block, "id", ""),
                                Json.textOr(block, "name", ""),
                                block.path("input").isObject()
                                        ? Json.write(block.path("input"))
                                        : "{}",
                                false,
                                null));
            }
            case "tool_result" -> toolResult(block, at, marker, parts);
            case "tool_reference" ->
                    parts.add(
                            new Part.Text(
                                    "Tool available: " + Json.textOr(block, "tool_name", "")));
            case "container_upload" -> draft.uses(Trait.FILE_ID, "messages[].content[].file_id");
            case "" -> draft.malformed(at + ".type: expected a string", at + ".type");
            default ->
                    draft.uses(
                            isTrace(type) ? Trait.SERVER_TOOL_HISTORY : Trait.UNKNOWN_FIELD,
                            "messages[].content[].type=" + type);
        }
    }

    private static boolean isTrace(String type) {
        return type.endsWith("_tool_result")
                || type.endsWith("tool_use")
                || type.equals("tool_addition")
                || type.equals("compaction")
                || type.equals("fallback");
    }

    private void image(JsonNode source, String at, @Nullable CacheMarker marker, List<Part> parts) {
        var media = media(source, at, Trait.IMAGE, Trait.IMAGE_URL);
        if (media != null) {
            parts.add(new Part.Image(media, null, marker));
        }
    }

    private @Nullable Media media(JsonNode source, String at, Trait inline, Trait url) {
        var type = Json.textOr(source, "type", "");
        var data = Json.textOr(source, "data", "");
        switch (type) {
            case "base64" -> {
                draft.uses(inline, "messages[].content[].source");
                return new Media.Inline(Json.textOr(source, "media_type", "image/png"), data);
            }
            case "url" -> {
                draft.uses(url, "messages[].content[].source.url");
                return new Media.Url(Json.textOr(source, "url", ""), null);
            }
            case "file" -> {
                draft.uses(Trait.FILE_ID, "messages[].content[].source.file_id");
                return null;
            }
            default -> {
                draft.malformed(at + ".source.type: " + type + " (expected: base64 or url)", at);
                return null;
            }
        }
    }

    private void document(
            JsonNode block, String at, @Nullable CacheMarker marker, List<Part> parts) {
        var source = block.path("source");
        var title = Json.text(block, "title");
        if (Json.isTrue(block.path("citations"), "enabled")) {
            draft.uses(Trait.CITATIONS, "messages[].content[].citations");
        }
        var context = Json.text(block, "context");
        if (context != null && !context.isBlank()) {
            parts.add(new Part.Text((title == null ? "" : title + ": ") + context));
        }
        switch (Json.textOr(source, "type", "")) {
            case "text" ->
                    parts.add(
                            new Part.Document(
                                    new Media.PlainText(Json.textOr(source, "data", "")),
                                    title,
                                    marker));
            case "content" -> {
                var text = new StringBuilder();
                if (source.path("content").isTextual()) {
                    text.append(source.path("content").textValue());
                }
                for (var each : source.path("content")) {
                    text.append(Json.textOr(each, "text", ""));
                }
                parts.add(new Part.Document(new Media.PlainText(text.toString()), title, marker));
            }
            case "base64" ->
                    parts.add(
                            Documents.part(
                                    draft,
                                    new Media.Inline(
                                            Json.textOr(source, "media_type", "application/pdf"),
                                            Json.textOr(source, "data", "")),
                                    title,
                                    "messages[].content[].source",
                                    marker));
            default -> {
                var media = media(source, at, Trait.PDF, Trait.DOCUMENT_URL);
                if (media != null) {
                    parts.add(new Part.Document(media, title, marker));
                }
            }
        }
    }

    private void searchResult(JsonNode block, @Nullable CacheMarker marker, List<Part> parts) {
        var text = new StringBuilder();
        for (var each : block.path("content")) {
            text.append(Json.textOr(each, "text", ""));
        }
        draft.uses(Trait.CITATIONS, "messages[].content[].type=search_result");
        var title = Json.textOr(block, "title", "") + " (" + Json.textOr(block, "source", "") + ")";
        parts.add(new Part.Document(new Media.PlainText(text.toString()), title, marker));
    }

    private void toolResult(
            JsonNode block, String at, @Nullable CacheMarker marker, List<Part> parts) {
        var id = Json.text(block, "tool_use_id");
        if (id == null) {
            draft.malformed(at + ".tool_use_id: expected a string", at + ".tool_use_id");
            return;
        }
        var content = block.path("content");
        parts.add(
                new Part.ToolResult(
                        id,
                        null,
                        content.isMissingNode() || content.isNull()
                                ? List.of()
                                : content(content, at + ".content"),
                        Json.isTrue(block, "is_error"),
                        marker));
    }

    static @Nullable CacheMarker cacheMarker(Draft draft, JsonNode node, String field) {
        var control = Json.objectIn(node, "cache_control");
        if (control == null) {
            return null;
        }
        draft.uses(Trait.CACHE_MARKERS, field);
        return "1h".equals(Json.text(control, "ttl"))
                ? CacheMarker.ONE_HOUR
                : CacheMarker.FIVE_MINUTES;
    }
}
