package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Kind;
import dev.tollgate.dialects.conversation.Decoded;
import dev.tollgate.dialects.conversation.Draft;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.ReasoningRequest;
import dev.tollgate.dialects.conversation.Sampling;
import dev.tollgate.dialects.conversation.Trait;
import java.util.Locale;
import java.util.Set;

/** Reads the fields of a chat request; its messages are {@link ChatMessagesReader}'s. */
final class ChatRequestReader {
    /** Fields that steer the provider or its bookkeeping and not what is said. */
    private static final Set<String> HINTS =
            Set.of(
                    "metadata",
                    "store",
                    "service_tier",
                    "prompt_cache_key",
                    "prompt_cache_options",
                    "prompt_cache_retention",
                    "prediction",
                    "verbosity",
                    "moderation",
                    "provider",
                    "models",
                    "route",
                    "transforms",
                    "usage",
                    "clear_thinking",
                    "reasoning_format",
                    "include_reasoning",
                    "safe_prompt",
                    "prompt_mode",
                    "min_p",
                    "top_a",
                    "repetition_penalty",
                    "request_id",
                    "session_id",
                    "citation_options",
                    "preset",
                    "reasoning_split",
                    "reasoning_history",
                    "preserve_thinking",
                    "disable_tool_validation",
                    "chat_template_kwargs",
                    "keep_alive",
                    "top_n_sigma",
                    "trace",
                    "verbose",
                    "cache_salt",
                    "priority",
                    "extra_headers",
                    "extra_body");

    private final Draft draft = new Draft();
    private final ChatToolsReader tools = new ChatToolsReader(draft);

    Decoded read(ObjectNode body) {
        kinds(body);
        for (var field : body.properties()) {
            if (!field.getValue().isNull()) {
                field(field.getKey(), field.getValue());
            }
        }
        new ChatMessagesReader(draft).read(body.get("messages"));
        draft.sampling(sampling(body));
        var format = Json.objectIn(body, "response_format");
        if (format != null) {
            format(format);
        }
        return draft.done();
    }

    private void kinds(ObjectNode body) {
        Kind.NUMBER.check(draft, body, "", "temperature", "top_p", "top_k", "seed", "random_seed");
        Kind.NUMBER.check(draft, body, "", "frequency_penalty", "presence_penalty", "top_logprobs");
        Kind.BOOLEAN.check(draft, body, "", "logprobs", "parallel_tool_calls");
        Kind.TEXT_OR_LIST.check(draft, body, "", "stop");
        Kind.TEXT.check(draft, body, "", "reasoning_effort");
        Kind.OBJECT.check(draft, body, "", "response_format", "logit_bias");
    }

    private static Sampling sampling(ObjectNode body) {
        return new Sampling(
                Json.doubleIn(body, "temperature"),
                Json.doubleIn(body, "top_p"),
                Json.boxedLongIn(body, "top_k"),
                Json.boxedLongIn(body, body.has("random_seed") ? "random_seed" : "seed"),
                Json.doubleIn(body, "frequency_penalty"),
                Json.doubleIn(body, "presence_penalty"),
                Json.isTrue(body, "logprobs")
                        ? Long.valueOf(Json.longIn(body, "top_logprobs").orElse(0))
                        : null);
    }

    private void field(String name, JsonNode value) {
        switch (name) {
            case "model", "messages", "stream", "stream_options", "temperature", "top_p" -> {}
            case "response_format" -> {}
            case "tools" -> tools.read(value);
            case "functions" -> tools.functions(value);
            case "tool_choice" -> draft.toolChoice(tools.choice(value));
            case "function_call" -> draft.toolChoice(tools.functionChoice(value));
            case "parallel_tool_calls" -> parallel(value);
            case "stop" -> stop(value);
            case "max_tokens", "max_completion_tokens" -> limit(name, value);
            case "n" -> {
                if (value.asLong(1) > 1) {
                    draft.uses(Trait.CHOICES, name);
                    draft.choices(value.asInt());
                }
            }
            case "top_k" -> draft.uses(Trait.TOP_K, name);
            case "seed", "random_seed" -> draft.uses(Trait.SEED, name);
            case "frequency_penalty", "presence_penalty" -> {
                if (value.asDouble() != 0) {
                    draft.uses(Trait.PENALTIES, name);
                }
            }
            case "logit_bias" -> {
                if (!value.isEmpty()) {
                    draft.uses(Trait.LOGIT_BIAS, name);
                }
            }
            case "logprobs", "top_logprobs" -> {
                if (value.asBoolean()) {
                    draft.uses(Trait.LOGPROBS, name);
                }
            }
            case "reasoning_effort",
                    "reasoning",
                    "thinking",
                    "enable_thinking",
                    "thinking_budget",
                    "disable_reasoning" ->
                    thoughts(name, value);
            case "user", "safety_identifier" -> draft.user(value.asText());
            case "modalities" -> {
                if (!value.toString().equals("[\"text\"]")) {
                    draft.uses(Trait.MEDIA_OUTPUT, name);
                }
            }
            case "audio" -> draft.uses(Trait.MEDIA_OUTPUT, name);
            case "web_search_options",
                    "plugins",
                    "search_parameters",
                    "search_settings",
                    "compound_custom",
                    "enable_search" ->
                    draft.uses(Trait.SERVER_TOOL, name);
            case "cache_control" -> draft.uses(Trait.CACHE_MARKERS, name);
            default -> draft.uses(HINTS.contains(name) ? Trait.HINT : Trait.UNKNOWN_FIELD, name);
        }
    }

    /** How much to think, in the words of OpenAI and of servers of other models. */
    private void thoughts(String name, JsonNode value) {
        switch (name) {
            case "reasoning_effort" -> effort(name, value.asText());
            case "reasoning" -> reasoning(value);
            case "thinking" -> {
                if ("disabled".equals(Json.text(value, "type"))) {
                    reasoning(name, new ReasoningRequest.Off(), false);
                } else {
                    var budget = Json.longIn(value, "budget_tokens");
                    reasoning(
                            name,
                            budget.isPresent()
                                    ? new ReasoningRequest.Budget(budget.getAsLong())
                                    : new ReasoningRequest.Unsaid(),
                            true);
                }
            }
            case "enable_thinking" ->
                    reasoning(
                            name,
                            value.asBoolean()
                                    ? new ReasoningRequest.Unsaid()
                                    : new ReasoningRequest.Off(),
                            value.asBoolean());
            case "thinking_budget" -> {
                if (value.asLong() > 0) {
                    reasoning(name, new ReasoningRequest.Budget(value.asLong()), true);
                }
            }
            case "disable_reasoning" -> {
                if (value.asBoolean()) {
                    reasoning(name, new ReasoningRequest.Off(), false);
                }
            }
            default -> throw new IllegalStateException(name + " (expected: a field of thoughts)");
        }
    }

    private void limit(String name, JsonNode value) {
        if (!value.canConvertToLong() || value.longValue() < 1) {
            draft.malformed(name + ": " + value + " (expected: an integer >= 1)", name);
            return;
        }
        draft.maxOutputTokens(value.longValue());
    }

    private void stop(JsonNode value) {
        if (value.isTextual()) {
            draft.stop(value.textValue());
        } else {
            value.forEach(each -> draft.stop(each.asText()));
        }
        if (value.isTextual() || !value.isEmpty()) {
            draft.uses(Trait.STOP, "stop");
        }
    }

    private void parallel(JsonNode value) {
        draft.parallelToolCalls(value.asBoolean());
        if (!value.asBoolean()) {
            draft.uses(Trait.SERIAL_TOOL_CALLS, "parallel_tool_calls");
        }
    }

    private void effort(String field, String word) {
        switch (word) {
            case "none", "off" -> reasoning(field, new ReasoningRequest.Off(), false);
            case "default", "auto" -> reasoning(field, new ReasoningRequest.Unsaid(), true);
            default -> {
                try {
                    var effort = ReasoningRequest.Effort.valueOf(word.toUpperCase(Locale.ROOT));
                    reasoning(field, new ReasoningRequest.Level(effort), true);
                } catch (IllegalArgumentException unknown) {
                    draft.malformed(
                            field
                                    + ": "
                                    + word
                                    + " (expected: none, minimal, low, medium, high, xhigh or max)",
                            field);
                }
            }
        }
    }

    /** OpenRouter's spelling. */
    private void reasoning(JsonNode value) {
        boolean visible = !Json.isTrue(value, "exclude");
        var effort = Json.text(value, "effort");
        var budget = Json.longIn(value, "max_tokens");
        if (effort != null) {
            effort("reasoning.effort", effort);
        } else if (budget.isPresent()) {
            reasoning("reasoning", new ReasoningRequest.Budget(budget.getAsLong()), visible);
        } else if (value.path("enabled").isBoolean() && !value.path("enabled").booleanValue()) {
            reasoning("reasoning", new ReasoningRequest.Off(), false);
        } else {
            reasoning("reasoning", new ReasoningRequest.Unsaid(), visible);
        }
    }

    private void reasoning(String field, ReasoningRequest.Amount amount, boolean visible) {
        draft.uses(Trait.REASONING, field);
        draft.reasoning(new ReasoningRequest(amount, visible));
    }

    private void format(ObjectNode format) {
        var type = Json.textOr(format, "type", "");
        switch (type) {
            case "text" -> {}
            case "json_object" -> json(format);
            case "json_schema" -> {
                var wanted = Json.objectIn(format, "json_schema");
                json(wanted == null ? format : wanted);
            }
            default -> draft.uses(Trait.UNKNOWN_FIELD, "response_format.type=" + type);
        }
    }

    /** A schema is optional in OpenAI's types, and some servers take one with JSON mode. */
    private void json(ObjectNode wanted) {
        var schema = wanted.path("schema");
        if (schema.isMissingNode() || schema.isNull()) {
            draft.uses(Trait.JSON_OBJECT, "response_format");
            draft.format(new OutputFormat.JsonObject());
            return;
        }
        if (!(schema instanceof ObjectNode object)) {
            draft.malformed(
                    "response_format.json_schema.schema: expected an object", "response_format");
            return;
        }
        draft.uses(Trait.JSON_SCHEMA, "response_format");
        var strict = wanted.get("strict");
        draft.format(
                new OutputFormat.JsonSchema(
                        Json.textOr(wanted, "name", "answer"),
                        Json.text(wanted, "description"),
                        object,
                        strict != null && strict.isBoolean() ? strict.booleanValue() : null));
    }
}
