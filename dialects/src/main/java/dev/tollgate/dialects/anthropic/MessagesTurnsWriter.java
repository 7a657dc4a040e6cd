package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.CacheMarker;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import dev.tollgate.dialects.conversation.Turn;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes the messages of a Messages request. Empty texts are left out: the API refuses them. */
final class MessagesTurnsWriter {
    private static final int MAX_MARKERS = 4;

    /** Writes {@code messages}; returns how many cache markers were left out. */
    int write(List<Turn> turns, ObjectNode body) {
        var messages = body.putArray("messages");
        for (int i = 0; i < turns.size(); i++) {
            var turn = turns.get(i);
            var content = Json.array();
            for (var part : turn.parts()) {
                part(part, content);
            }
            boolean last = i == turns.size() - 1;
            if (last && turn.role() == Role.ASSISTANT) {
                trimEnd(content);
            }
            if (content.isEmpty()) {
                if (last) {
                    continue;
                }
                content.addObject().put("type", "text").put("text", ".");
            }
            messages.addObject()
                    .put("role", turn.role() == Role.ASSISTANT ? "assistant" : "user")
                    .set("content", content);
        }
        return limitMarkers(body);
    }

    /** A begun answer must not end in white space. */
    private static void trimEnd(ArrayNode content) {
        if (content.isEmpty() || !(content.get(content.size() - 1) instanceof ObjectNode block)) {
            return;
        }
        var text = Json.text(block, "text");
        if (text == null) {
            return;
        }
        var trimmed = text.stripTrailing();
        if (trimmed.isEmpty()) {
            content.remove(content.size() - 1);
        } else {
            block.put("text", trimmed);
        }
    }

    static void system(List<Part.Text> texts, ArrayNode system) {
        for (var text : texts) {
            var block = system.addObject().put("type", "text").put("text", text.text());
            cacheControl(text.cache(), block);
        }
    }

    private static void part(Part part, ArrayNode content) {
        switch (part) {
            case Part.Text(var text, var cache, _, _) -> {
                if (!text.isBlank()) {
                    cacheControl(cache, content.addObject().put("type", "text").put("text", text));
                }
            }
            case Part.Image(var media, _, var cache) -> {
                var block = content.addObject().put("type", "image");
                source(media, block);
                cacheControl(cache, block);
            }
            case Part.Document(var media, var title, var cache) -> {
                var block = content.addObject().put("type", "document");
                source(media, block);
                if (title != null) {
                    block.put("title", title);
                }
                cacheControl(cache, block);
            }
            case Part.ToolCall call -> {
                var block = content.addObject().put("type", "tool_use");
                block.put("id", call.id()).put("name", call.name());
                block.set("input", Json.arguments(call.arguments()));
            }
            case Part.ToolResult result -> toolResult(result, content);
            case Part.Reasoning thought -> reasoning(thought, content);
            case Part.Refusal(var text) -> {
                if (!text.isBlank()) {
                    content.addObject().put("type", "text").put("text", text);
                }
            }
            // refused by the table of traits
            case Part.Audio _, Part.Video _ -> {}
        }
    }

    private static void reasoning(Part.Reasoning thought, ArrayNode content) {
        var signature = thought.signature();
        if (signature == null || signature.issuer() != Issuer.ANTHROPIC) {
            return;
        }
        if (thought.redacted()) {
            content.addObject().put("type", "redacted_thinking").put("data", signature.value());
        } else {
            content.addObject()
                    .put("type", "thinking")
                    .put("thinking", thought.text())
                    .put("signature", signature.value());
        }
    }

    private static void toolResult(Part.ToolResult result, ArrayNode content) {
        var block = content.addObject().put("type", "tool_result");
        block.put("tool_use_id", result.callId());
        var parts = result.content();
        if (parts.size() == 1
                && parts.getFirst() instanceof Part.Text(var text, var cache, _, _)
                && cache == null) {
            if (!text.isEmpty()) {
                block.put("content", text);
            }
        } else if (!parts.isEmpty()) {
            var blocks = Json.array();
            parts.forEach(part -> part(part, blocks));
            if (!blocks.isEmpty()) {
                block.set("content", blocks);
            }
        }
        if (result.error()) {
            block.put("is_error", true);
        }
        cacheControl(result.cache(), block);
    }

    private static void source(Media media, ObjectNode block) {
        var source = block.putObject("source");
        switch (media) {
            case Media.Inline(var type, var base64) ->
                    source.put("type", "base64").put("media_type", type).put("data", base64);
            case Media.Url(var url, _) -> source.put("type", "url").put("url", url);
            case Media.PlainText(var text) ->
                    source.put("type", "text").put("media_type", "text/plain").put("data", text);
        }
    }

    static void cacheControl(@Nullable CacheMarker marker, ObjectNode block) {
        if (marker != null) {
            var control = block.putObject("cache_control").put("type", "ephemeral");
            if (marker == CacheMarker.ONE_HOUR) {
                control.put("ttl", "1h");
            }
        }
    }

    /** The API takes four; the last ones of the messages cover most, so the first go. */
    private static int limitMarkers(ObjectNode body) {
        var marked = new ArrayList<ObjectNode>();
        for (var holder : List.of("tools", "system", "messages")) {
            for (var node : body.path(holder)) {
                collect(node, marked);
                for (var block : node.path("content")) {
                    collect(block, marked);
                    block.path("content").forEach(inner -> collect(inner, marked));
                }
            }
        }
        int surplus = Math.max(0, marked.size() - MAX_MARKERS);
        for (int i = 0; i < surplus; i++) {
            marked.get(i).remove("cache_control");
        }
        return surplus;
    }

    private static void collect(JsonNode node, List<ObjectNode> marked) {
        if (node instanceof ObjectNode object && object.has("cache_control")) {
            marked.add(object);
        }
    }
}
