package dev.tollgate.dialects.judge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tollgate.dialects.codec.Json;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whether an answer is JSON of the schema that was asked for, by the words that providers support
 * in such schemas: {@code type, nullable, enum, const, required, properties, additionalProperties,
 * items, minItems, maxItems, anyOf, oneOf, allOf} and local {@code $ref}s. Other words are not
 * looked at, so that a doubt about the schema never costs a second call.
 */
final class SchemaCheck {
    /** Deeper nesting, or a reference to itself, is taken as fitting. */
    private static final int MAX_DEPTH = 64;

    /** Comparisons of one answer; beyond them it is taken as fitting. */
    private static final int MAX_CHECKS = 100_000;

    private final ObjectNode root;
    private int checks;

    SchemaCheck(ObjectNode root) {
        this.root = root;
    }

    /**
     * @param bare whether a text is wanted without its quotes
     */
    boolean fits(String text, boolean bare) {
        if (bare) {
            return fits(TextNode.valueOf(text.strip()), root, 0);
        }
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        var value = Json.parse(bytes, 0, bytes.length);
        return value != null && !value.isMissingNode() && fits(value, root, 0);
    }

    private boolean fits(JsonNode value, JsonNode schema, int depth) {
        if (schema.isBoolean()) {
            return schema.booleanValue();
        }
        if (!schema.isObject() || depth > MAX_DEPTH || ++checks > MAX_CHECKS) {
            return true;
        }
        var reference = Json.text(schema, "$ref");
        if (reference != null) {
            var target = target(reference);
            return target == null || fits(value, target, depth + 1);
        }
        if (value.isNull() && Json.isTrue(schema, "nullable")) {
            return true;
        }
        return isOfType(value, schema.path("type"))
                && isListed(value, schema)
                && members(value, schema, depth)
                && elements(value, schema, depth)
                && alternatives(value, schema, depth);
    }

    /** Null for one that leads elsewhere. */
    private @Nullable JsonNode target(String reference) {
        if (reference.equals("#")) {
            return root;
        }
        if (!reference.startsWith("#/")) {
            return null;
        }
        var found = root.at(reference.substring(1));
        return found.isMissingNode() ? null : found;
    }

    private static boolean isOfType(JsonNode value, JsonNode type) {
        if (type.isTextual()) {
            return isOfType(value, type.textValue());
        }
        if (!type.isArray() || type.isEmpty()) {
            return true;
        }
        for (var each : type) {
            if (isOfType(value, each.asText())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOfType(JsonNode value, String type) {
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            case "number" -> value.isNumber();
            case "integer" ->
                    value.isIntegralNumber()
                            || value.isNumber()
                                    && value.decimalValue().stripTrailingZeros().scale() <= 0;
            default -> true;
        };
    }

    private static boolean isListed(JsonNode value, JsonNode schema) {
        var only = schema.get("const");
        if (only != null && !isSame(only, value)) {
            return false;
        }
        var list = schema.path("enum");
        if (!list.isArray()) {
            return true;
        }
        for (var each : list) {
            if (isSame(each, value)) {
                return true;
            }
        }
        return false;
    }

    /** 1 and 1.0 are the same number. */
    private static boolean isSame(JsonNode one, JsonNode other) {
        return one.isNumber() && other.isNumber()
                ? one.decimalValue().compareTo(other.decimalValue()) == 0
                : one.equals(other);
    }

    private boolean members(JsonNode value, JsonNode schema, int depth) {
        if (!value.isObject()) {
            return true;
        }
        for (var name : schema.path("required")) {
            if (!value.has(name.asText())) {
                return false;
            }
        }
        var known = schema.path("properties");
        var others = schema.get("additionalProperties");
        boolean patterns = schema.has("patternProperties");
        for (var member : value.properties()) {
            var its = known.get(member.getKey());
            if (its == null && !patterns) {
                its = others;
            }
            if (its != null && !fits(member.getValue(), its, depth + 1)) {
                return false;
            }
        }
        return true;
    }

    private boolean elements(JsonNode value, JsonNode schema, int depth) {
        if (!value.isArray()) {
            return true;
        }
        if (value.size() < schema.path("minItems").asInt(0)
                || value.size() > schema.path("maxItems").asInt(Integer.MAX_VALUE)) {
            return false;
        }
        var its = schema.get("items");
        if (its == null || its.isArray() || schema.has("prefixItems")) {
            return true;
        }
        for (var element : value) {
            if (!fits(element, its, depth + 1)) {
                return false;
            }
        }
        return true;
    }

    private boolean alternatives(JsonNode value, JsonNode schema, int depth) {
        for (var each : schema.path("allOf")) {
            if (!fits(value, each, depth + 1)) {
                return false;
            }
        }
        return any(value, schema.path("anyOf"), depth) && any(value, schema.path("oneOf"), depth);
    }

    private boolean any(JsonNode value, JsonNode schemas, int depth) {
        if (!schemas.isArray() || schemas.isEmpty()) {
            return true;
        }
        for (var each : schemas) {
            if (fits(value, each, depth + 1)) {
                return true;
            }
        }
        return false;
    }
}
