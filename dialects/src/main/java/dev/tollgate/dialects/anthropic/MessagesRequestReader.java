package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Kind;
import dev.tollgate.dialects.conversation.CacheMarker;
import dev.tollgate.dialects.conversation.Decoded;
import dev.tollgate.dialects.conversation.Draft;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.ReasoningRequest;
import dev.tollgate.dialects.conversation.Sampling;
import dev.tollgate.dialects.conversation.Tool;
import dev.tollgate.dialects.conversation.ToolChoice;
import dev.tollgate.dialects.conversation.Trait;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the fields of a Messages request; its turns are {@link MessagesTurnsReader}'s. */
final class MessagesRequestReader {
    private static final Set<String> HINTS =
            Set.of(
                    "service_tier",
                    "inference_geo",
                    "speed",
                    "context_management",
                    "anthropic_version",
                    "anthropic_beta",
                    "betas",
                    "diagnostics",
                    "compaction",
                    "fallbacks",
                    "fallback_credit_token",
                    "billing_policy",
                    "user_profile_id",
                    "workspace_id");

    private final Draft draft = new Draft();

    Decoded read(ObjectNode body) {
        Kind.NUMBER.check(draft, body, "", "temperature", "top_p", "top_k");
        Kind.LIST.check(draft, body, "", "stop_sequences", "mcp_servers");
        Kind.OBJECT.check(draft, body, "", "thinking", "metadata", "tool_choice", "output_config");
        system(body.get("system"));
        for (var field : body.properties()) {
            if (!field.getValue().isNull()) {
                field(field.getKey(), field.getValue());
            }
        }
        new MessagesTurnsReader(draft).read(body.get("messages"));
        draft.sampling(
                new Sampling(
                        Json.doubleIn(body, "temperature"),
                        Json.doubleIn(body, "top_p"),
                        Json.boxedLongIn(body, "top_k"),
                        null,
                        null,
                        null,
                        null));
        reasoning(body);
        return draft.done();
    }

    private void system(@Nullable JsonNode system) {
        if (system == null || system.isNull()) {
            return;
        }
        if (!system.isTextual() && !system.isArray()) {
            draft.malformed("system: expected a string or an array of text blocks", "system");
            return;
        }
        draft.turn(Role.SYSTEM, new MessagesTurnsReader(draft).content(system, "system"));
    }

    private void field(String name, JsonNode value) {
        switch (name) {
            case "model", "messages", "system", "stream", "temperature", "top_p", "thinking" -> {}
            case "max_tokens" -> {
                if (!value.canConvertToLong() || value.longValue() < 1) {
                    draft.malformed(
                            "max_tokens: " + value + " (expected: an integer >= 1)", "max_tokens");
                } else {
                    draft.maxOutputTokens(value.longValue());
                }
            }
            case "top_k" -> draft.uses(Trait.TOP_K, name);
            case "stop_sequences" -> {
                value.forEach(each -> draft.stop(each.asText()));
                if (!value.isEmpty()) {
                    draft.uses(Trait.STOP, name);
                }
            }
            case "metadata" -> {
                var user = Json.text(value, "user_id");
                if (user != null) {
                    draft.user(user);
                }
            }
            case "tools" -> tools(value);
            case "tool_choice" -> toolChoice(value);
            case "output_config" -> outputConfig(value);
            case "output_format" -> format(value);
            case "cache_control" -> draft.uses(Trait.CACHE_MARKERS, name);
            case "container", "thread" -> draft.uses(Trait.SERVER_STATE, name);
            case "mcp_servers" -> {
                if (!value.isEmpty()) {
                    draft.uses(Trait.SERVER_TOOL, name);
                }
            }
            default -> draft.uses(HINTS.contains(name) ? Trait.HINT : Trait.UNKNOWN_FIELD, name);
        }
    }

    private void outputConfig(JsonNode config) {
        for (var field : config.properties()) {
            switch (field.getKey()) {
                case "format" -> format(field.getValue());
                case "effort" -> {}
                case "task_budget" -> draft.uses(Trait.HINT, "output_config.task_budget");
                default -> draft.uses(Trait.UNKNOWN_FIELD, "output_config." + field.getKey());
            }
        }
    }

    private void format(JsonNode format) {
        if (format.isNull()) {
            return;
        }
        var schema = Json.objectIn(format, "schema");
        if (schema == null) {
            draft.malformed("output_config.format.schema: expected an object", "output_config");
            return;
        }
        draft.uses(Trait.JSON_SCHEMA, "output_config.format");
        draft.format(new OutputFormat.JsonSchema("answer", null, schema, true));
    }

    private void reasoning(ObjectNode body) {
        var thinking = body.path("thinking");
        var type = Json.textOr(thinking, "type", "");
        var effort = Json.text(body.path("output_config"), "effort");
        if (type.isEmpty() && effort == null) {
            return;
        }
        draft.uses(Trait.REASONING, type.isEmpty() ? "output_config.effort" : "thinking");
        boolean visible = !type.isEmpty() && !"omitted".equals(Json.text(thinking, "display"));
        ReasoningRequest.Amount amount =
                switch (type) {
                    case "disabled" -> new ReasoningRequest.Off();
                    case "enabled" ->
                            new ReasoningRequest.Budget(
                                    thinking.path("budget_tokens").asLong(1024));
                    default -> effort == null ? new ReasoningRequest.Unsaid() : level(effort);
                };
        draft.reasoning(new ReasoningRequest(amount, visible));
    }

    private ReasoningRequest.Amount level(String effort) {
        try {
            return new ReasoningRequest.Level(
                    ReasoningRequest.Effort.valueOf(effort.toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException unknown) {
            draft.malformed(
                    "output_config.effort: "
                            + effort
                            + " (expected: low, medium, high, xhigh or"
                            + " max)",
                    "output_config.effort");
            return new ReasoningRequest.Unsaid();
        }
    }

    private void tools(JsonNode value) {
        if (!(value instanceof ArrayNode tools)) {
            draft.malformed("tools: expected an array", "tools");
            return;
        }
        for (int i = 0; i < tools.size(); i++) {
            tool(tools.get(i), "tools[" + i + "]");
        }
    }

    private void tool(JsonNode tool, String at) {
        var type = Json.textOr(tool, "type", "custom");
        if (type.startsWith("tool_search_tool")) {
            // it only finds tools that are deferred; all of them are sent
            draft.uses(Trait.HINT, "tools[].type=" + type);
            return;
        }
        var own = ClaudeTool.of(type);
        if (own != null) {
            draft.uses(Trait.CLAUDE_TOOL, at + ".type=" + type);
            draft.tool(own.tool(Json.text(tool, "name"), marker(tool)));
            return;
        }
        if (!type.equals("custom")) {
            draft.uses(Trait.SERVER_TOOL, at + ".type=" + type);
            return;
        }
        var name = Json.text(tool, "name");
        if (name == null) {
            draft.malformed(at + ".name: expected a string", at + ".name");
            return;
        }
        for (var hint : Set.of("defer_loading", "input_examples", "allowed_callers")) {
            if (tool.hasNonNull(hint)) {
                draft.uses(Trait.HINT, "tools[]." + hint);
            }
        }
        var strict = tool.get("strict");
        draft.tool(
                new Tool(
                        name,
                        Json.text(tool, "description"),
                        Json.objectIn(tool, "input_schema"),
                        strict != null && strict.isBoolean() ? strict.booleanValue() : null,
                        false,
                        marker(tool)));
    }

    private @Nullable CacheMarker marker(JsonNode tool) {
        return MessagesTurnsReader.cacheMarker(draft, tool, "tools[].cache_control");
    }

    private void toolChoice(JsonNode choice) {
        var type = Json.textOr(choice, "type", "");
        draft.toolChoice(
                switch (type) {
                    case "auto" -> new ToolChoice.Auto();
                    case "none" -> new ToolChoice.None();
                    case "any" -> new ToolChoice.Required();
                    case "tool" -> new ToolChoice.Named(Json.textOr(choice, "name", ""));
                    default -> {
                        draft.malformed(
                                "tool_choice.type: "
                                        + type
                                        + " (expected: auto, any, tool or none)",
                                "tool_choice.type");
                        yield null;
                    }
                });
        if (choice.path("disable_parallel_tool_use").isBoolean()) {
            boolean serial = choice.path("disable_parallel_tool_use").booleanValue();
            draft.parallelToolCalls(!serial);
            if (serial) {
                draft.uses(Trait.SERIAL_TOOL_CALLS, "tool_choice.disable_parallel_tool_use");
            }
        }
    }
}
