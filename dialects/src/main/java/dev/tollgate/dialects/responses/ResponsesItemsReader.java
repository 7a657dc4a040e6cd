package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.codec.Documents;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Thoughts;
import dev.tollgate.dialects.conversation.CacheMarker;
import dev.tollgate.dialects.conversation.Draft;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Trait;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the items of a Responses request. What the model said (messages, reasoning, calls) comes as
 * items of their own and becomes one assistant turn, until an item of another role ends it.
 */
final class ResponsesItemsReader {
    private final Draft draft;
    private final ResponsesRequestReader request;
    private final List<Part> assistant = new ArrayList<>();
    private boolean keptElsewhere;

    ResponsesItemsReader(Draft draft, ResponsesRequestReader request) {
        this.draft = draft;
        this.request = request;
    }

    void read(JsonNode input) {
        if (input.isTextual()) {
            draft.turn(Role.USER, List.of(new Part.Text(input.textValue())));
            return;
        }
        if (!input.isArray()) {
            draft.malformed("input: expected a string or an array of items", "input");
            return;
        }
        for (int i = 0; i < input.size(); i++) {
            item(input.get(i), "input[" + i + "]");
        }
        endAssistant();
        if (draft.turns().isEmpty() && !keptElsewhere) {
            draft.malformed("input: expected at least one item", "input");
        }
    }

    private void endAssistant() {
        if (!assistant.isEmpty()) {
            draft.turn(Role.ASSISTANT, Thoughts.toCalls(assistant));
            assistant.clear();
        }
    }

    private void item(JsonNode item, String at) {
        boolean reference = !item.has("content") && !item.has("role") && item.hasNonNull("id");
        var type = Json.textOr(item, "type", reference ? "item_reference" : "message");
        switch (type) {
            case "message" -> message(item, at);
            case "function_call" ->
                    assistant.add(
                            new Part.ToolCall(
                                    Json.textOr(item, "call_id", Json.textOr(item, "id", "")),
                                    request.name(item),
                                    arguments(item),
                                    false,
                                    null));
            case "custom_tool_call" ->
                    assistant.add(
                            new Part.ToolCall(
                                    Json.textOr(item, "call_id", ""),
                                    request.name(item),
                                    Json.textOr(item, "input", ""),
                                    true,
                                    null));
            case "function_call_output", "custom_tool_call_output" -> {
                endAssistant();
                draft.turn(
                        Role.USER,
                        List.of(
                                new Part.ToolResult(
                                        Json.textOr(item, "call_id", ""),
                                        null,
                                        content(item.path("output"), at + ".output"),
                                        false,
                                        null)));
            }
            case "reasoning" -> assistant.add(reasoning(item));
            case Namespaces.DECLARING_ITEM ->
                    request.tools(Json.arrayIn(item, "tools"), at + ".tools");
            case "configuration_update" -> request.update(item);
            case "image_generation_call" -> {
                draft.uses(Trait.MEDIA_HISTORY, "input[].type=" + type);
                assistant.add(ResponsesAnswerReader.image(item));
            }
            case "item_reference", "compaction_trigger" -> {
                keptElsewhere = true;
                draft.uses(Trait.SERVER_STATE, "input[].type=" + type);
            }
            default ->
                    draft.uses(
                            isTrace(type) ? Trait.SERVER_TOOL_HISTORY : Trait.UNKNOWN_FIELD,
                            "input[].type=" + type);
        }
    }

    private static boolean isTrace(String type) {
        return type.endsWith("_call")
                || type.endsWith("_call_output")
                || type.startsWith("mcp_")
                || type.startsWith("tool_search_")
                || type.equals("program")
                || type.equals("program_output")
                || type.equals("compaction")
                || type.equals("compaction_summary");
    }

    private static String arguments(JsonNode item) {
        var arguments = Json.textOr(item, "arguments", "");
        return arguments.isBlank() ? "{}" : arguments;
    }

    static Part.Reasoning reasoning(JsonNode item) {
        var texts = new ArrayList<String>();
        item.path("summary").forEach(each -> texts.add(Json.textOr(each, "text", "")));
        if (texts.isEmpty()) {
            item.path("content").forEach(each -> texts.add(Json.textOr(each, "text", "")));
        }
        return Thoughts.read(String.join("\n\n", texts), EncryptedReasoning.read(item));
    }

    private void message(JsonNode item, String at) {
        var parts = content(item.path("content"), at + ".content");
        var role = Json.textOr(item, "role", "");
        if (role.equals("assistant")) {
            assistant.addAll(parts);
            return;
        }
        endAssistant();
        switch (role) {
            case "user" -> draft.turn(Role.USER, parts);
            case "system", "developer" -> draft.turn(Role.SYSTEM, parts);
            default ->
                    draft.malformed(
                            at
                                    + ".role: "
                                    + role
                                    + " (expected: user, assistant, system or developer)",
                            at + ".role");
        }
    }

    private List<Part> content(JsonNode content, String at) {
        var parts = new ArrayList<Part>();
        if (content.isTextual()) {
            if (!content.textValue().isEmpty()) {
                parts.add(new Part.Text(content.textValue()));
            }
            return parts;
        }
        if (content.isObject()) {
            part(content, at, parts);
            return parts;
        }
        if (!content.isArray() && !content.isNull() && !content.isMissingNode()) {
            draft.malformed(at + ": expected a string or an array of parts", at);
        }
        for (int i = 0; content.isArray() && i < content.size(); i++) {
            part(content.get(i), at + "[" + i + "]", parts);
        }
        return parts;
    }

    private void part(JsonNode part, String at, List<Part> parts) {
        var type = Json.textOr(part, "type", "");
        var marker = cacheMarker(part);
        switch (type) {
            case "input_text", "output_text", "text", "summary_text" ->
                    parts.add(new Part.Text(Json.textOr(part, "text", ""), marker));
            case "refusal" -> parts.add(new Part.Refusal(Json.textOr(part, "refusal", "")));
            case "input_image" -> image(part, at, marker, parts);
            case "input_file" -> file(part, at, marker, parts);
            case "input_audio" -> {
                var audio = part.path("input_audio");
                draft.uses(Trait.AUDIO, "input[].content[].input_audio");
                parts.add(
                        new Part.Audio(
                                Documents.audio(
                                        Json.textOr(audio, "data", ""),
                                        Json.textOr(audio, "format", "wav"))));
            }
            default -> draft.uses(Trait.UNKNOWN_FIELD, "input[].content[].type=" + type);
        }
    }

    private @Nullable CacheMarker cacheMarker(JsonNode part) {
        if (!part.path("prompt_cache_breakpoint").isObject()) {
            return null;
        }
        draft.uses(Trait.CACHE_MARKERS, "input[].content[].prompt_cache_breakpoint");
        return CacheMarker.FIVE_MINUTES;
    }

    private void image(JsonNode part, String at, @Nullable CacheMarker marker, List<Part> parts) {
        var field = "input[].content[].image_url";
        if (part.hasNonNull("file_id")) {
            draft.uses(Trait.FILE_ID, "input[].content[].file_id");
            return;
        }
        var image = part.path("image_url");
        var url = image.isTextual() ? image.textValue() : Json.text(image, "url");
        if (url == null) {
            draft.malformed(at + ".image_url: expected a string", at + ".image_url");
            return;
        }
        var inline = Media.ofDataUrl(url);
        draft.uses(inline != null ? Trait.IMAGE : Trait.IMAGE_URL, field);
        parts.add(
                new Part.Image(
                        inline != null ? inline : new Media.Url(url, null),
                        Json.text(part, "detail"),
                        marker));
    }

    private void file(JsonNode part, String at, @Nullable CacheMarker marker, List<Part> parts) {
        var title = Json.text(part, "filename");
        if (part.hasNonNull("file_id")) {
            draft.uses(Trait.FILE_ID, "input[].content[].file_id");
            return;
        }
        var url = Json.text(part, "file_url");
        if (url != null) {
            draft.uses(Trait.DOCUMENT_URL, "input[].content[].file_url");
            parts.add(new Part.Document(new Media.Url(url, null), title, marker));
            return;
        }
        var inline = Documents.inline(Json.textOr(part, "file_data", ""));
        if (inline == null) {
            draft.malformed(at + ".file_data: expected a data: URL, base64", at + ".file_data");
            return;
        }
        parts.add(Documents.part(draft, inline, title, "input[].content[].file_data", marker));
    }
}
