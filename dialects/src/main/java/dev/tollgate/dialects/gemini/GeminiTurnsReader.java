package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.codec.CallIds;
import dev.tollgate.dialects.codec.Documents;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Thoughts;
import dev.tollgate.dialects.conversation.Draft;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.Trait;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the contents of a generateContent request, in camelCase. Calls without an id are given one.
 * Results without an id find their calls by name, in order: Google's SDKs leave it out even where
 * the call has one. So do results with an id that no call has: Gemini CLI makes ids up for itself.
 */
final class GeminiTurnsReader {
    private static final String ID_SEED = "gemini-history";

    private final Draft draft;
    private final Map<String, Deque<String>> pending = new HashMap<>();
    private int made;

    GeminiTurnsReader(Draft draft) {
        this.draft = draft;
    }

    void read(JsonNode contents) {
        if (contents.isTextual()) {
            draft.turn(Role.USER, List.of(new Part.Text(contents.textValue())));
            return;
        }
        if (contents.isObject()) {
            turn(contents, "contents");
            return;
        }
        if (!contents.isArray() || contents.isEmpty()) {
            draft.malformed("contents: expected an array with at least one content", "contents");
            return;
        }
        for (int i = 0; i < contents.size(); i++) {
            turn(contents.get(i), "contents[" + i + "]");
        }
    }

    private void turn(JsonNode content, String at) {
        var role = Json.textOr(content, "role", "user");
        switch (role) {
            case "model" -> draft.turn(Role.ASSISTANT, said(parts(content, at)));
            case "user", "function", "tool", "" -> draft.turn(Role.USER, parts(content, at));
            case "system" -> draft.turn(Role.SYSTEM, parts(content, at));
            default ->
                    draft.malformed(
                            at + ".role: " + role + " (expected: user or model)", at + ".role");
        }
    }

    private List<Part> said(List<Part> parts) {
        for (var part : parts) {
            if (part instanceof Part.Image
                    || part instanceof Part.Document
                    || part instanceof Part.Audio
                    || part instanceof Part.Video) {
                draft.uses(Trait.MEDIA_HISTORY, "contents[].parts[].inlineData");
            }
        }
        return parts;
    }

    List<Part> parts(JsonNode content, String at) {
        if (content.isTextual()) {
            return List.of(new Part.Text(content.textValue()));
        }
        var parts = new ArrayList<Part>();
        var array = content.path("parts");
        if (array.isObject()) {
            part(array, at + ".parts", parts);
        }
        for (int i = 0; i < (array.isArray() ? array.size() : 0); i++) {
            part(array.get(i), at + ".parts[" + i + "]", parts);
        }
        return Thoughts.joined(parts);
    }

    private void part(JsonNode part, String at, List<Part> parts) {
        var signature = Signature.read(Json.text(part, "thoughtSignature"), Issuer.GEMINI);
        var text = Json.text(part, "text");
        if (text != null) {
            if (Json.isTrue(part, "thought")) {
                parts.add(Thoughts.read(text, signature));
            } else if (!text.isEmpty() || signature != null) {
                parts.add(new Part.Text(text, null, List.of(), signature));
            }
        } else if (part.has("functionCall")) {
            parts.add(call(part.path("functionCall"), signature, at));
        } else if (part.has("functionResponse")) {
            parts.add(result(part.path("functionResponse"), at));
        } else if (part.has("inlineData")) {
            var data = part.path("inlineData");
            var inline =
                    new Media.Inline(
                            Json.textOr(data, "mimeType", "application/octet-stream"),
                            standard(Json.textOr(data, "data", "")));
            parts.add(
                    Documents.part(
                            draft,
                            inline,
                            Json.text(data, "displayName"),
                            "contents[].parts[].inlineData",
                            null));
        } else if (part.has("fileData")) {
            file(part.path("fileData"), parts);
        } else if (part.has("executableCode")
                || part.has("codeExecutionResult")
                || part.has("toolCall")
                || part.has("toolResponse")) {
            draft.uses(Trait.SERVER_TOOL_HISTORY, "contents[].parts[]." + part.fieldNames().next());
        } else if (signature == null && !isEmpty(part)) {
            draft.malformed(at + ": a part of no known kind", at);
        }
    }

    /** Bytes in the JSON of protocol buffers may be base64url, as Google's own SDK writes them. */
    static String standard(String base64) {
        var same = base64.replace('-', '+').replace('_', '/');
        int missing = -same.length() & 3;
        return missing == 0 ? same : same + "=".repeat(missing);
    }

    /** Chunks of a stream that were collected as they came end with a part that says nothing. */
    private static boolean isEmpty(JsonNode part) {
        return part.isEmpty() || (part.size() == 1 && part.has("thought"));
    }

    private Part call(JsonNode call, @Nullable Signature signature, String at) {
        var name = Json.text(call, "name");
        if (name == null) {
            draft.malformed(at + ".functionCall.name: expected a string", at);
            return new Part.Text("");
        }
        var id = Json.text(call, "id");
        if (id == null || id.isEmpty()) {
            id = CallIds.made(ID_SEED, made++);
        }
        pending.computeIfAbsent(name, each -> new ArrayDeque<>()).add(id);
        var args = call.path("args");
        return new Part.ToolCall(
                id, name, args.isObject() ? Json.write(args) : "{}", false, signature);
    }

    private Part result(JsonNode result, String at) {
        var name = Json.text(result, "name");
        var id = Json.text(result, "id");
        var waiting = pending.getOrDefault(name == null ? "" : name, new ArrayDeque<>());
        if (id == null || id.isEmpty()) {
            id = waiting.poll();
        } else if (!waiting.remove(id) && !waiting.isEmpty()) {
            id = waiting.poll();
        }
        if (id == null) {
            draft.malformed(
                    at + ".functionResponse: there is no functionCall of this name before it", at);
            id = "";
        }
        var content = new ArrayList<Part>();
        boolean error = response(result.path("response"), content);
        for (var each : result.path("parts")) {
            part(each, at + ".functionResponse.parts", content);
        }
        return new Part.ToolResult(id, name, content, error, null);
    }

    /** Returns whether the tool failed. */
    private static boolean response(JsonNode response, List<Part> content) {
        boolean error = response.size() == 1 && response.has("error");
        var only = response.path("output");
        if (error) {
            only = response.path("error");
        } else if (only.isMissingNode()) {
            only = response.path("result");
        }
        if (response.size() == 1 && !only.isMissingNode()) {
            content.add(new Part.Text(only.isTextual() ? only.textValue() : Json.write(only)));
        } else if (!response.isMissingNode()) {
            content.add(new Part.Text(Json.write(response)));
        }
        return error;
    }

    private void file(JsonNode file, List<Part> parts) {
        var uri = Json.textOr(file, "fileUri", "");
        var field = "contents[].parts[].fileData";
        boolean web = uri.startsWith("https://") || uri.startsWith("http://");
        if (!web || uri.contains("generativelanguage.googleapis.com/")) {
            draft.uses(Trait.FILE_ID, field);
        } else if (uri.contains("youtube.com/") || uri.contains("youtu.be/")) {
            draft.uses(Trait.VIDEO, field);
        } else {
            var media = new Media.Url(uri, Json.text(file, "mimeType"));
            parts.add(Documents.part(draft, media, null, field));
        }
    }
}
