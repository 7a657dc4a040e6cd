package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * The text of a prompt: every string below the conversation's members, but for names, ids, kinds
 * and media. The count of tokens is its UTF-8 bytes divided by four, rounded up, and at least 1.
 */
public final class PromptText {
    private static final Set<String> NO_TEXT =
            Set.of(
                    "type",
                    "role",
                    "status",
                    "detail",
                    "id",
                    "call_id",
                    "tool_call_id",
                    "tool_use_id",
                    "cache_control",
                    "url",
                    "image_url",
                    "file_data",
                    "data",
                    "signature",
                    "thoughtSignature",
                    "media_type",
                    "mimeType",
                    "fileUri");

    private PromptText() {}

    static String of(JsonNode body, String... members) {
        var out = new StringBuilder();
        for (var member : members) {
            collect(body.path(member), out);
        }
        return out.toString();
    }

    private static void collect(JsonNode node, StringBuilder out) {
        if (node.isTextual()) {
            out.append(node.textValue());
        } else if (node.isArray()) {
            node.forEach(item -> collect(item, out));
        } else if (node.isObject()) {
            node.properties()
                    .forEach(
                            entry -> {
                                if (!NO_TEXT.contains(entry.getKey())) {
                                    collect(entry.getValue(), out);
                                }
                            });
        }
    }

    public static long tokens(String text) {
        return Math.max(1, (text.getBytes(StandardCharsets.UTF_8).length + 3L) / 4);
    }
}
