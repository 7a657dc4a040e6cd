package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.CustomTools;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.Draft;
import dev.tollgate.dialects.conversation.Tool;
import dev.tollgate.dialects.conversation.ToolChoice;
import dev.tollgate.dialects.conversation.Trait;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Reads the tools of a chat request, and which of them the model may call: as OpenAI writes them
 * now, as it did when they were called functions, and flat, as some editors do.
 */
final class ChatToolsReader {
    private final Draft draft;

    ChatToolsReader(Draft draft) {
        this.draft = draft;
    }

    void read(JsonNode value) {
        if (!(value instanceof ArrayNode tools)) {
            draft.malformed("tools: expected an array", "tools");
            return;
        }
        for (int i = 0; i < tools.size(); i++) {
            tool(tools.get(i), "tools[" + i + "]");
        }
    }

    /** Tools by their old name. */
    void functions(JsonNode value) {
        for (int i = 0; i < value.size(); i++) {
            function(value.get(i), value.get(i), "functions[" + i + "]");
        }
    }

    private void tool(JsonNode node, String at) {
        var type = Json.text(node, "type");
        if ("custom".equals(type)) {
            custom(node, at);
            return;
        }
        if (type != null && !type.equals("function")) {
            draft.uses(Trait.SERVER_TOOL, at + ".type=" + type);
            return;
        }
        var function = Json.objectIn(node, "function");
        if (function != null) {
            function(function, node, at + ".function");
        } else if (node.has("name")) {
            function(node, node, at);
        } else {
            draft.malformed(at + ".type: expected function", at + ".type");
        }
    }

    private void custom(JsonNode node, String at) {
        var nested = Json.objectIn(node, "custom");
        var custom = nested == null ? node : nested;
        var name = Json.text(custom, "name");
        if (name == null) {
            draft.malformed(at + ".custom.name: expected a string", at + ".custom.name");
            return;
        }
        draft.uses(Trait.CUSTOM_TOOL, at);
        var format = custom.path("format");
        draft.tool(
                CustomTools.tool(
                        name,
                        Json.text(custom, "description"),
                        format.has("grammar") ? format.path("grammar") : format));
    }

    private void function(JsonNode function, JsonNode marked, String at) {
        var name = Json.text(function, "name");
        if (name == null) {
            draft.malformed(at + ".name: expected a string", at + ".name");
            return;
        }
        var strict = function.get("strict");
        draft.tool(
                new Tool(
                        name,
                        Json.text(function, "description"),
                        parameters(function),
                        strict != null && strict.isBoolean() ? strict.booleanValue() : null,
                        false,
                        ChatMessagesReader.cacheMarker(draft, marked, at)));
    }

    private static @Nullable ObjectNode parameters(JsonNode function) {
        return Json.objectIn(function, "parameters", "input_schema");
    }

    @Nullable ToolChoice choice(JsonNode value) {
        if (value.isTextual()) {
            return switch (value.textValue()) {
                case "auto" -> new ToolChoice.Auto();
                case "none" -> new ToolChoice.None();
                case "required", "any" -> new ToolChoice.Required();
                default -> {
                    draft.malformed(
                            "tool_choice: "
                                    + value.textValue()
                                    + " (expected: auto, none, required"
                                    + " or an object)",
                            "tool_choice");
                    yield null;
                }
            };
        }
        var allowed = Json.objectIn(value, "allowed_tools");
        if (allowed != null) {
            var names = new ArrayList<String>();
            for (var tool : Json.arrayIn(allowed, "tools")) {
                names.add(nested(tool).path("name").asText());
            }
            return new ToolChoice.Allowed(names, "required".equals(Json.text(allowed, "mode")));
        }
        return named(nested(value), "tool_choice");
    }

    /** {@code tool_choice} by its old name. */
    @Nullable ToolChoice functionChoice(JsonNode value) {
        return value.isTextual() ? choice(value) : named(value, "function_call");
    }

    private @Nullable ToolChoice named(JsonNode holder, String field) {
        var name = Json.text(holder, "name");
        if (name == null) {
            draft.malformed(field + ".function.name: expected a string", field);
            return null;
        }
        return new ToolChoice.Named(name);
    }

    private static JsonNode nested(JsonNode node) {
        return node.has("custom")
                ? node.path("custom")
                : node.has("function") ? node.path("function") : node;
    }
}
