package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.tollgate.dialects.codec.Documents;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.MadeMedia;
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

/** Reads the messages of a chat request. */
final class ChatMessagesReader {
    /** Calls by their old name have no ids: each is answered by the message behind it. */
    private static final String LEGACY_ID = "call_function_";

    private final Draft draft;
    private int legacyCalls;
    private int legacyResults;

    ChatMessagesReader(Draft draft) {
        this.draft = draft;
    }

    void read(@Nullable JsonNode value) {
        if (!(value instanceof ArrayNode messages) || messages.isEmpty()) {
            draft.malformed("messages: expected an array with at least one message", "messages");
            return;
        }
        for (int i = 0; i < messages.size(); i++) {
            message(messages.get(i), "messages[" + i + "]");
        }
    }

    private void message(JsonNode message, String at) {
        var role = Json.textOr(message, "role", "");
        if (Json.text(message, "name") != null
                && !role.equals("tool")
                && !role.equals("function")) {
            draft.uses(Trait.HINT, "messages[].name");
        }
        switch (role) {
            case "system", "developer" -> draft.turn(Role.SYSTEM, content(message, at));
            case "user" -> draft.turn(Role.USER, content(message, at));
            case "assistant" -> draft.turn(Role.ASSISTANT, assistant(message, at));
            case "tool", "function" -> draft.turn(Role.USER, List.of(toolResult(message, at)));
            default ->
                    draft.malformed(
                            at
                                    + ".role: "
                                    + role
                                    + " (expected: system, developer, user, assistant"
                                    + " or tool)",
                            at + ".role");
        }
    }

    private Part toolResult(JsonNode message, String at) {
        var id = Json.text(message, "tool_call_id");
        if (id == null && "function".equals(Json.text(message, "role"))) {
            id = LEGACY_ID + legacyResults++;
        }
        if (id == null) {
            draft.malformed(at + ".tool_call_id: expected a string", at + ".tool_call_id");
        }
        return new Part.ToolResult(
                id == null ? "" : id,
                Json.text(message, "name"),
                content(message, at),
                false,
                cacheMarker(draft, message, at));
    }

    private List<Part> assistant(JsonNode message, String at) {
        var parts = new ArrayList<Part>();
        reasoning(message, parts);
        parts.addAll(content(message, at));
        var refusal = Json.text(message, "refusal");
        if (refusal != null && !refusal.isEmpty()) {
            parts.add(new Part.Refusal(refusal));
        }
        var calls = Json.arrayIn(message, "tool_calls");
        for (int i = 0; i < calls.size(); i++) {
            parts.add(toolCall(calls.get(i), at + ".tool_calls[" + i + "]"));
        }
        var legacy = Json.objectIn(message, "function_call");
        if (legacy != null) {
            parts.add(
                    new Part.ToolCall(
                            LEGACY_ID + legacyCalls++,
                            Json.textOr(legacy, "name", ""),
                            arguments(legacy.get("arguments")),
                            false,
                            null));
        }
        for (var image : Json.arrayIn(message, "images")) {
            draft.uses(Trait.MEDIA_HISTORY, "messages[].images");
            parts.add(MadeMedia.image(ChatAnswerReader.imageUrl(image)));
        }
        if (message.path("audio").isObject()) {
            draft.uses(Trait.FILE_ID, "messages[].audio.id");
        }
        if (Json.isTrue(message, "prefix")) {
            draft.uses(Trait.PREFILL, "messages[].prefix");
        }
        return parts;
    }

    private static void reasoning(JsonNode message, List<Part> parts) {
        var text = new StringBuilder();
        boolean blocks = false;
        for (var block : Json.arrayIn(message, "thinking_blocks")) {
            blocks = true;
            var data = Json.text(block, "data");
            if (data != null) {
                parts.add(new Part.Reasoning("", Signature.read(data, Issuer.ANTHROPIC), true));
                continue;
            }
            text.append(Json.textOr(block, "thinking", ""));
            var signature = Signature.read(Json.text(block, "signature"), Issuer.ANTHROPIC);
            if (signature != null) {
                parts.add(new Part.Reasoning(text.toString(), signature, false));
                text.setLength(0);
            }
        }
        if (!blocks) {
            parts.addAll(ReasoningDetails.read(message));
        }
    }

    private Part toolCall(JsonNode call, String at) {
        var id = Json.textOr(call, "id", "");
        var custom = Json.objectIn(call, "custom");
        if (custom != null) {
            return new Part.ToolCall(
                    id,
                    Json.textOr(custom, "name", ""),
                    Json.textOr(custom, "input", ""),
                    true,
                    null);
        }
        var function = Json.objectIn(call, "function");
        var name = function == null ? null : Json.text(function, "name");
        if (function == null || name == null) {
            draft.malformed(at + ".function.name: expected a string", at);
            return new Part.Text("");
        }
        var signature = Json.text(call.path("extra_content").path("google"), "thought_signature");
        return new Part.ToolCall(
                id,
                name,
                arguments(function.get("arguments")),
                false,
                Signature.read(signature, Issuer.GEMINI));
    }

    /** A string by the book; some send the object itself, and some an empty string. */
    static String arguments(@Nullable JsonNode node) {
        if (node == null || node.isNull() || (node.isTextual() && node.textValue().isBlank())) {
            return "{}";
        }
        return node.isTextual() ? node.textValue() : Json.write(node);
    }

    private List<Part> content(JsonNode message, String at) {
        var content = message.get("content");
        var parts = new ArrayList<Part>();
        if (content == null || content.isNull()) {
            return parts;
        }
        if (content.isTextual()) {
            if (!content.textValue().isEmpty()) {
                parts.add(new Part.Text(content.textValue(), cacheMarker(draft, message, at)));
            }
            return parts;
        }
        if (!content.isArray()) {
            draft.malformed(at + ".content: expected a string or an array", at + ".content");
            return parts;
        }
        for (int i = 0; i < content.size(); i++) {
            part(content.get(i), at + ".content[" + i + "]", parts);
        }
        return parts;
    }

    private void part(JsonNode node, String at, List<Part> parts) {
        var marker = cacheMarker(draft, node, at);
        var type = Json.textOr(node, "type", "text");
        switch (type) {
            case "text", "input_text", "output_text" ->
                    parts.add(new Part.Text(Json.textOr(node, "text", ""), marker));
            case "refusal" -> parts.add(new Part.Refusal(Json.textOr(node, "refusal", "")));
            case "image_url", "input_image" -> image(node, at, marker, parts);
            case "input_audio" -> audio(node, at, parts);
            case "file", "input_file" -> file(node, at, marker, parts);
            case "document_url" -> {
                var url = node.path("document_url");
                document(
                        url.isTextual() ? url.textValue() : url.path("url").asText(),
                        Json.text(node, "document_name"),
                        at,
                        marker,
                        parts);
            }
            case "video_url" -> {
                draft.uses(Trait.VIDEO, "messages[].content[].video_url");
                var url = node.path("video_url").path("url").asText();
                var inline = Media.ofDataUrl(url);
                parts.add(new Part.Video(inline != null ? inline : new Media.Url(url, null)));
            }
            case "thinking" -> parts.add(new Part.Reasoning(thinking(node), null, false));
            default -> draft.uses(Trait.UNKNOWN_FIELD, "messages[].content[].type=" + type);
        }
    }

    /** Mistral's thinking parts: text, or text parts. */
    static String thinking(JsonNode node) {
        var thinking = node.path("thinking");
        if (thinking.isTextual()) {
            return thinking.textValue();
        }
        var text = new StringBuilder();
        for (var each : thinking) {
            text.append(Json.textOr(each, "text", ""));
        }
        return text.toString();
    }

    private void image(JsonNode node, String at, @Nullable CacheMarker marker, List<Part> parts) {
        var image = node.path("image_url");
        var url = image.isTextual() ? image.textValue() : Json.text(image, "url");
        if (url == null) {
            draft.malformed(at + ".image_url.url: expected a string", at + ".image_url");
            return;
        }
        var inline = Media.ofDataUrl(url);
        draft.uses(
                inline != null ? Trait.IMAGE : Trait.IMAGE_URL, "messages[].content[].image_url");
        parts.add(
                new Part.Image(
                        inline != null ? inline : new Media.Url(url, null),
                        Json.text(image, "detail"),
                        marker));
    }

    private void audio(JsonNode node, String at, List<Part> parts) {
        var audio = node.path("input_audio");
        var data = audio.isTextual() ? audio.textValue() : Json.text(audio, "data");
        if (data == null) {
            draft.malformed(at + ".input_audio.data: expected a string", at + ".input_audio");
            return;
        }
        if (data.startsWith("http:") || data.startsWith("https:")) {
            draft.uses(Trait.AUDIO_URL, "messages[].content[].input_audio");
            parts.add(new Part.Audio(new Media.Url(data, null)));
            return;
        }
        draft.uses(Trait.AUDIO, "messages[].content[].input_audio");
        var format = Json.textOr(audio, "format", Documents.audioFormat(data));
        parts.add(new Part.Audio(Documents.audio(data, format)));
    }

    private void file(JsonNode node, String at, @Nullable CacheMarker marker, List<Part> parts) {
        var file = node.has("file") ? node.path("file") : node;
        if (file.hasNonNull("file_id")) {
            draft.uses(Trait.FILE_ID, "messages[].content[].file.file_id");
            return;
        }
        var data = Json.text(file, "file_data", "file_url");
        if (data == null) {
            draft.malformed(at + ".file.file_data: expected a string", at + ".file");
            return;
        }
        document(data, Json.text(file, "filename"), at, marker, parts);
    }

    private void document(
            String dataOrUrl,
            @Nullable String title,
            String at,
            @Nullable CacheMarker marker,
            List<Part> parts) {
        var inline = Documents.inline(dataOrUrl);
        if (inline != null) {
            parts.add(Documents.part(draft, inline, title, "messages[].content[].file", marker));
        } else if (dataOrUrl.startsWith("http:") || dataOrUrl.startsWith("https:")) {
            draft.uses(Trait.DOCUMENT_URL, "messages[].content[].file");
            parts.add(new Part.Document(new Media.Url(dataOrUrl, null), title, marker));
        } else {
            draft.malformed(at + ".file.file_data: expected a data: URL, base64", at + ".file");
        }
    }

    static @Nullable CacheMarker cacheMarker(Draft draft, JsonNode node, String at) {
        var control = Json.objectIn(node, "cache_control");
        if (control == null && !node.path("prompt_cache_breakpoint").isObject()) {
            return null;
        }
        var field = control == null ? "prompt_cache_breakpoint" : "cache_control";
        draft.uses(Trait.CACHE_MARKERS, at.replaceAll("\\[\\d+]", "[]") + "." + field);
        return control != null && "1h".equals(Json.text(control, "ttl"))
                ? CacheMarker.ONE_HOUR
                : CacheMarker.FIVE_MINUTES;
    }
}
