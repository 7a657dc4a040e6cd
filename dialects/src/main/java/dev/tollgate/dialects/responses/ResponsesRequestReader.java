package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.CustomTools;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Kind;
import dev.tollgate.dialects.conversation.Decoded;
import dev.tollgate.dialects.conversation.Draft;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.ReasoningRequest;
import dev.tollgate.dialects.conversation.Sampling;
import dev.tollgate.dialects.conversation.Tool;
import dev.tollgate.dialects.conversation.ToolChoice;
import dev.tollgate.dialects.conversation.Trait;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the fields of a Responses request; its items are {@link ResponsesItemsReader}'s. */
final class ResponsesRequestReader {
    private static final Set<String> HINTS =
            Set.of(
                    "metadata",
                    "client_metadata",
                    "store",
                    "service_tier",
                    "prompt_cache_key",
                    "prompt_cache_options",
                    "prompt_cache_retention",
                    "truncation",
                    "context_management",
                    "max_tool_calls",
                    "moderation",
                    "access_programs",
                    "image",
                    "background_options",
                    "provider",
                    "models",
                    "route",
                    "transforms",
                    "session_id");

    private final Draft draft = new Draft();
    private final ObjectNode body;
    private final Namespaces namespaces;

    /** By their names in other dialects; what declares a tool again takes its place. */
    private final Map<String, Tool> tools = new LinkedHashMap<>();

    ResponsesRequestReader(ObjectNode body) {
        this.body = body;
        this.namespaces = new Namespaces(body);
    }

    Decoded read() {
        Kind.TEXT.check(draft, body, "", "instructions");
        Kind.NUMBER.check(draft, body, "", "temperature", "top_p", "top_k", "top_logprobs");
        Kind.NUMBER.check(draft, body, "", "frequency_penalty", "presence_penalty");
        Kind.BOOLEAN.check(draft, body, "", "parallel_tool_calls", "background");
        Kind.OBJECT.check(draft, body, "", "reasoning", "text");
        Kind.LIST.check(draft, body, "", "include");
        var instructions = body.path("instructions");
        if (instructions.isTextual() && !instructions.textValue().isEmpty()) {
            draft.turn(Role.SYSTEM, List.of(new Part.Text(instructions.textValue())));
        }
        for (var field : body.properties()) {
            if (!field.getValue().isNull()) {
                field(field.getKey(), field.getValue());
            }
        }
        new ResponsesItemsReader(draft, this).read(body.path("input"));
        tools.values().forEach(draft::tool);
        draft.sampling(
                new Sampling(
                        Json.doubleIn(body, "temperature"),
                        Json.doubleIn(body, "top_p"),
                        Json.boxedLongIn(body, "top_k"),
                        null,
                        Json.doubleIn(body, "frequency_penalty"),
                        Json.doubleIn(body, "presence_penalty"),
                        topLogprobs(body)));
        return draft.done();
    }

    /** Asked for by their number, or by naming them among what the answer shall hold. */
    private static @Nullable Long topLogprobs(ObjectNode body) {
        long top = Json.longIn(body, "top_logprobs").orElse(0);
        boolean named = body.path("include").toString().contains("message.output_text.logprobs");
        return top > 0 || named ? Long.valueOf(top) : null;
    }

    private void field(String name, JsonNode value) {
        switch (name) {
            case "model", "input", "instructions", "stream", "stream_options" -> {}
            case "temperature", "top_p" -> {}
            case "top_k" -> draft.uses(Trait.TOP_K, name);
            case "frequency_penalty", "presence_penalty" -> {
                if (value.asDouble() != 0) {
                    draft.uses(Trait.PENALTIES, name);
                }
            }
            case "tools" -> {
                if (value instanceof ArrayNode declared) {
                    tools(declared, "tools");
                } else {
                    draft.malformed("tools: expected an array", name);
                }
            }
            case "tool_choice" -> draft.toolChoice(toolChoice(value));
            case "parallel_tool_calls" -> {
                draft.parallelToolCalls(value.asBoolean());
                if (!value.asBoolean()) {
                    draft.uses(Trait.SERIAL_TOOL_CALLS, name);
                }
            }
            case "max_output_tokens" -> {
                if (!value.canConvertToLong() || value.longValue() < 1) {
                    draft.malformed(name + ": " + value + " (expected: an integer >= 1)", name);
                } else {
                    draft.maxOutputTokens(value.longValue());
                }
            }
            case "top_logprobs" -> {
                if (value.asInt() > 0) {
                    draft.uses(Trait.LOGPROBS, name);
                }
            }
            case "include" -> include(value);
            case "reasoning" -> reasoning(value);
            case "text" -> text(value);
            case "user", "safety_identifier" -> draft.user(value.asText());
            case "plugins" -> draft.uses(Trait.SERVER_TOOL, name);
            case "background" -> {
                if (value.asBoolean()) {
                    draft.uses(Trait.SERVER_STATE, name);
                }
            }
            case "previous_response_id", "conversation", "prompt" ->
                    draft.uses(Trait.SERVER_STATE, name);
            default -> draft.uses(HINTS.contains(name) ? Trait.HINT : Trait.UNKNOWN_FIELD, name);
        }
    }

    private void include(JsonNode include) {
        for (var each : include) {
            switch (each.asText()) {
                case "reasoning.encrypted_content" -> {}
                case "message.output_text.logprobs" -> draft.uses(Trait.LOGPROBS, "include");
                default -> draft.uses(Trait.HINT, "include[" + each.asText() + "]");
            }
        }
    }

    /** Settings that an item of the history changes: the last ones hold. */
    void update(JsonNode item) {
        reasoning(item.path("reasoning"));
        text(item.path("text"));
    }

    private void reasoning(JsonNode reasoning) {
        for (var hint : Set.of("context", "mode")) {
            if (reasoning.hasNonNull(hint)) {
                draft.uses(Trait.HINT, "reasoning." + hint);
            }
        }
        var effort = Json.text(reasoning, "effort");
        var summary = Json.text(reasoning, "summary", "generate_summary");
        if (effort == null && summary == null) {
            return;
        }
        draft.uses(Trait.REASONING, "reasoning");
        ReasoningRequest.Amount amount = new ReasoningRequest.Unsaid();
        if ("none".equals(effort)) {
            amount = new ReasoningRequest.Off();
        } else if (effort != null) {
            try {
                amount =
                        new ReasoningRequest.Level(
                                ReasoningRequest.Effort.valueOf(effort.toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException unknown) {
                draft.malformed(
                        "reasoning.effort: "
                                + effort
                                + " (expected: none, minimal, low, medium, high, xhigh or max)",
                        "reasoning.effort");
            }
        }
        draft.reasoning(new ReasoningRequest(amount, summary != null));
    }

    private void text(JsonNode text) {
        if (text.hasNonNull("verbosity")) {
            draft.uses(Trait.HINT, "text.verbosity");
        }
        var format = Json.objectIn(text, "format");
        if (format == null) {
            return;
        }
        var type = Json.textOr(format, "type", "");
        switch (type) {
            case "text" -> {}
            case "json_object" -> {
                draft.uses(Trait.JSON_OBJECT, "text.format");
                draft.format(new OutputFormat.JsonObject());
            }
            case "json_schema" -> {
                var schema = Json.objectIn(format, "schema");
                if (schema == null) {
                    draft.malformed("text.format.schema: expected an object", "text.format.schema");
                    return;
                }
                draft.uses(Trait.JSON_SCHEMA, "text.format");
                draft.format(
                        new OutputFormat.JsonSchema(
                                Json.textOr(format, "name", "answer"),
                                Json.text(format, "description"),
                                schema,
                                strict(format)));
            }
            default -> draft.uses(Trait.UNKNOWN_FIELD, "text.format.type=" + type);
        }
    }

    private static @Nullable Boolean strict(JsonNode node) {
        return node.path("strict").isBoolean() ? node.path("strict").booleanValue() : null;
    }

    /** The name that a call, or a choice of a tool, says. */
    String name(JsonNode named) {
        return namespaces.flat(Json.text(named, "namespace"), Json.textOr(named, "name", ""));
    }

    void tools(ArrayNode declared, String at) {
        tools(declared, at, null);
    }

    private void tools(ArrayNode declared, String at, @Nullable String namespace) {
        for (int i = 0; i < declared.size(); i++) {
            tool(declared.get(i), at + "[" + i + "]", namespace);
        }
    }

    private void tool(JsonNode tool, String at, @Nullable String namespace) {
        var type = Json.textOr(tool, "type", "function");
        var name = Json.text(tool, "name");
        switch (type) {
            case "function", "custom" -> {
                if (name == null) {
                    draft.malformed(at + ".name: expected a string", at + ".name");
                    return;
                }
                if (tool.hasNonNull("defer_loading")) {
                    draft.uses(Trait.HINT, "tools[].defer_loading");
                }
                var flat = namespaces.flat(namespace, name);
                if (type.equals("custom")) {
                    draft.uses(Trait.CUSTOM_TOOL, at);
                    tools.put(
                            flat,
                            CustomTools.tool(
                                    flat, Json.text(tool, "description"), tool.path("format")));
                } else {
                    tools.put(
                            flat,
                            new Tool(
                                    flat,
                                    Json.text(tool, "description"),
                                    Json.objectIn(tool, "parameters"),
                                    strict(tool),
                                    false,
                                    null));
                }
            }
            case "namespace" ->
                    tools(Json.arrayIn(tool, "tools"), at + ".tools", name == null ? "" : name);
            case "tool_search" -> {
                // it only finds tools that are deferred; all of them are sent
                boolean clients = "client".equals(Json.text(tool, "execution"));
                draft.uses(clients ? Trait.SERVER_TOOL : Trait.HINT, at + ".type=" + type);
            }
            default -> draft.uses(Trait.SERVER_TOOL, at + ".type=" + type);
        }
    }

    private @Nullable ToolChoice toolChoice(JsonNode value) {
        if (value.isTextual()) {
            return switch (value.textValue()) {
                case "auto" -> new ToolChoice.Auto();
                case "none" -> new ToolChoice.None();
                case "required" -> new ToolChoice.Required();
                default -> {
                    draft.malformed(
                            "tool_choice: "
                                    + value.textValue()
                                    + " (expected: auto, none, required or an object)",
                            "tool_choice");
                    yield null;
                }
            };
        }
        var type = Json.textOr(value, "type", "");
        return switch (type) {
            case "function", "custom" -> new ToolChoice.Named(name(value));
            case "allowed_tools" -> {
                var names = new ArrayList<String>();
                value.path("tools").forEach(each -> names.add(name(each)));
                yield new ToolChoice.Allowed(names, "required".equals(Json.text(value, "mode")));
            }
            default -> {
                draft.uses(Trait.SERVER_TOOL, "tool_choice.type=" + type);
                yield null;
            }
        };
    }
}
