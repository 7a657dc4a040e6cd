package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Kind;
import dev.tollgate.dialects.conversation.Decoded;
import dev.tollgate.dialects.conversation.Draft;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.ReasoningRequest;
import dev.tollgate.dialects.conversation.Sampling;
import dev.tollgate.dialects.conversation.Tool;
import dev.tollgate.dialects.conversation.ToolChoice;
import dev.tollgate.dialects.conversation.Trait;
import dev.tollgate.dialects.conversation.Turn.Role;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the fields of a generateContent request; its turns are {@link GeminiTurnsReader}'s. */
final class GeminiRequestReader {
    private static final Set<String> HINTS =
            Set.of("labels", "modelArmorConfig", "serviceTier", "model", "store", "requestId");
    private static final Set<String> CONFIG_HINTS =
            Set.of(
                    "mediaResolution",
                    "audioTimestamp",
                    "routingConfig",
                    "modelSelectionConfig",
                    "modelConfig",
                    "enableEnhancedCivicAnswers",
                    "enableAffectiveDialog");

    private final Draft draft = new Draft();

    Decoded read(ObjectNode raw) {
        if (!(Spelling.camelCase(raw) instanceof ObjectNode body)) {
            return new Decoded.Malformed("the body is not a JSON object", null);
        }
        Kind.OBJECT.check(draft, body, "", "generationConfig", "toolConfig");
        var turns = new GeminiTurnsReader(draft);
        var system = body.path("systemInstruction");
        if (system.isTextual() || system.isObject()) {
            draft.turn(Role.SYSTEM, turns.parts(system, "systemInstruction"));
        }
        for (var field : body.properties()) {
            if (!field.getValue().isNull()) {
                field(field.getKey(), field.getValue());
            }
        }
        turns.read(body.path("contents"));
        return draft.done();
    }

    private void field(String name, JsonNode value) {
        switch (name) {
            case "contents", "systemInstruction" -> {}
            case "generationConfig" -> config(value);
            case "tools" -> {
                if (value.isObject()) {
                    tools(value, name);
                }
                for (int i = 0; value.isArray() && i < value.size(); i++) {
                    tools(value.get(i), "tools[" + i + "]");
                }
            }
            case "toolConfig" -> toolConfig(value);
            case "safetySettings" -> draft.uses(Trait.SAFETY_SETTINGS, name);
            case "cachedContent" -> draft.uses(Trait.SERVER_STATE, name);
            default -> draft.uses(HINTS.contains(name) ? Trait.HINT : Trait.UNKNOWN_FIELD, name);
        }
    }

    private void tools(JsonNode tool, String at) {
        for (var field : tool.properties()) {
            var name = field.getKey();
            if (name.equals("functionDeclarations")) {
                for (var function : field.getValue()) {
                    function(function, at + ".functionDeclarations");
                }
            } else if (!field.getValue().isNull()) {
                draft.uses(Trait.SERVER_TOOL, at + "." + name);
            }
        }
    }

    private void function(JsonNode function, String at) {
        var name = Json.text(function, "name");
        if (name == null) {
            draft.malformed(at + "[].name: expected a string", at);
            return;
        }
        var schema = Json.objectIn(function, "parametersJsonSchema");
        var openApi = Json.objectIn(function, "parameters");
        if (schema == null && openApi != null) {
            schema = OpenApiSchema.toJsonSchema(openApi);
        }
        draft.tool(new Tool(name, Json.text(function, "description"), schema, null, false, null));
    }

    private void toolConfig(JsonNode config) {
        var calling = config.path("functionCallingConfig");
        var names = new ArrayList<String>();
        calling.path("allowedFunctionNames").forEach(each -> names.add(each.asText()));
        draft.toolChoice(
                switch (Json.textOr(calling, "mode", "").toUpperCase(Locale.ROOT)) {
                    case "ANY" -> required(names);
                    case "NONE" -> new ToolChoice.None();
                    case "AUTO", "VALIDATED" ->
                            names.isEmpty()
                                    ? new ToolChoice.Auto()
                                    : new ToolChoice.Allowed(names, false);
                    default -> null;
                });
        for (var field : config.properties()) {
            if (!field.getKey().equals("functionCallingConfig")) {
                draft.uses(Trait.HINT, "toolConfig." + field.getKey());
            }
        }
    }

    private static ToolChoice required(ArrayList<String> names) {
        return switch (names.size()) {
            case 0 -> new ToolChoice.Required();
            case 1 -> new ToolChoice.Named(names.getFirst());
            default -> new ToolChoice.Allowed(names, true);
        };
    }

    private void config(JsonNode config) {
        var at = "generationConfig.";
        Kind.NUMBER.check(draft, config, at, "temperature", "topP", "topK", "seed", "logprobs");
        Kind.NUMBER.check(draft, config, at, "frequencyPenalty", "presencePenalty");
        Kind.BOOLEAN.check(draft, config, at, "responseLogprobs");
        Kind.LIST.check(draft, config, at, "stopSequences", "responseModalities");
        Kind.TEXT.check(draft, config, at, "responseMimeType");
        Kind.OBJECT.check(
                draft, config, at, "responseSchema", "responseJsonSchema", "thinkingConfig");
        Kind.NUMBER.check(
                draft, config.path("thinkingConfig"), at + "thinkingConfig.", "thinkingBudget");
        draft.sampling(
                new Sampling(
                        Json.doubleIn(config, "temperature"),
                        Json.doubleIn(config, "topP"),
                        topK(config),
                        Json.boxedLongIn(config, "seed"),
                        Json.doubleIn(config, "frequencyPenalty"),
                        Json.doubleIn(config, "presencePenalty"),
                        Json.isTrue(config, "responseLogprobs")
                                ? Long.valueOf(Json.longIn(config, "logprobs").orElse(0))
                                : null));
        format(config);
        for (var field : config.properties()) {
            if (!field.getValue().isNull()) {
                configField(field.getKey(), field.getValue());
            }
        }
    }

    private static @Nullable Long topK(JsonNode config) {
        return config.path("topK").isNumber() ? config.path("topK").longValue() : null;
    }

    private void configField(String name, JsonNode value) {
        var field = "generationConfig." + name;
        switch (name) {
            case "temperature",
                    "topP",
                    "responseMimeType",
                    "responseSchema",
                    "responseJsonSchema" -> {}
            case "topK" -> draft.uses(Trait.TOP_K, field);
            case "seed" -> draft.uses(Trait.SEED, field);
            case "frequencyPenalty", "presencePenalty" -> {
                if (value.asDouble() != 0) {
                    draft.uses(Trait.PENALTIES, field);
                }
            }
            case "maxOutputTokens" -> {
                if (!value.canConvertToLong() || value.longValue() < 1) {
                    draft.malformed(field + ": " + value + " (expected: an integer >= 1)", field);
                } else {
                    draft.maxOutputTokens(value.longValue());
                }
            }
            case "stopSequences" -> {
                value.forEach(each -> draft.stop(each.asText()));
                if (!value.isEmpty()) {
                    draft.uses(Trait.STOP, field);
                }
            }
            case "candidateCount" -> {
                if (value.asInt(1) > 1) {
                    draft.uses(Trait.CHOICES, field);
                    draft.choices(value.asInt());
                }
            }
            case "responseModalities" -> {
                for (var modality : value) {
                    if (!"TEXT".equalsIgnoreCase(modality.asText())) {
                        draft.uses(Trait.MEDIA_OUTPUT, field);
                    }
                }
            }
            case "speechConfig", "imageConfig" -> draft.uses(Trait.MEDIA_OUTPUT, field);
            case "responseLogprobs", "logprobs" -> {
                if (value.asBoolean()) {
                    draft.uses(Trait.LOGPROBS, field);
                }
            }
            case "thinkingConfig" -> thinking(value, field);
            default ->
                    draft.uses(
                            CONFIG_HINTS.contains(name) ? Trait.HINT : Trait.UNKNOWN_FIELD, field);
        }
    }

    private void thinking(JsonNode config, String field) {
        draft.uses(Trait.REASONING, field);
        boolean visible = Json.isTrue(config, "includeThoughts");
        var level = Json.text(config, "thinkingLevel");
        var budget = Json.longIn(config, "thinkingBudget");
        ReasoningRequest.Amount amount = new ReasoningRequest.Unsaid();
        if (level != null && !level.equals("THINKING_LEVEL_UNSPECIFIED")) {
            try {
                amount =
                        new ReasoningRequest.Level(
                                ReasoningRequest.Effort.valueOf(level.toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException unknown) {
                draft.malformed(
                        field + ".thinkingLevel: " + level + " (expected: MINIMAL ... XHIGH)",
                        field);
            }
        } else if (budget.isPresent() && budget.getAsLong() == 0) {
            amount = new ReasoningRequest.Off();
        } else if (budget.isPresent() && budget.getAsLong() > 0) {
            amount = new ReasoningRequest.Budget(budget.getAsLong());
        }
        draft.reasoning(new ReasoningRequest(amount, visible));
    }

    private void format(JsonNode config) {
        var schema = Json.objectIn(config, "responseJsonSchema");
        var openApi = Json.objectIn(config, "responseSchema");
        if (schema == null && openApi != null) {
            schema = OpenApiSchema.toJsonSchema(openApi);
        }
        if (schema != null) {
            draft.uses(Trait.JSON_SCHEMA, "generationConfig.responseSchema");
            boolean bare = "text/x.enum".equals(Json.text(config, "responseMimeType"));
            draft.format(new OutputFormat.JsonSchema("answer", null, schema, null, bare));
            return;
        }
        var type = Json.textOr(config, "responseMimeType", "text/plain");
        switch (type) {
            case "text/plain" -> {}
            case "application/json" -> {
                draft.uses(Trait.JSON_OBJECT, "generationConfig.responseMimeType");
                draft.format(new OutputFormat.JsonObject());
            }
            default -> draft.uses(Trait.UNKNOWN_FIELD, "generationConfig.responseMimeType=" + type);
        }
    }
}
