package dev.tollgate.dialects.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.codec.Json;
import java.util.Set;

/** Whether a JSON schema is of the subset that Anthropic's structured output takes. */
final class ClosedSchema {
    private static final Set<String> UNSUPPORTED =
            Set.of(
                    "minimum",
                    "maximum",
                    "exclusiveMinimum",
                    "exclusiveMaximum",
                    "multipleOf",
                    "minLength",
                    "maxLength",
                    "maxItems",
                    "uniqueItems",
                    "oneOf",
                    "not",
                    "if",
                    "patternProperties",
                    "minProperties",
                    "maxProperties");

    private ClosedSchema() {}

    static boolean is(JsonNode schema) {
        if (!schema.isObject()) {
            return !schema.isBoolean();
        }
        boolean object = "object".equals(Json.text(schema, "type")) || schema.has("properties");
        var more = schema.path("additionalProperties");
        if (object && !(more.isBoolean() && !more.booleanValue())) {
            return false;
        }
        for (var keyword : UNSUPPORTED) {
            if (schema.has(keyword)) {
                return false;
            }
        }
        return children(schema);
    }

    private static boolean children(JsonNode schema) {
        for (var holder : Set.of("properties", "$defs", "definitions")) {
            for (var child : schema.path(holder)) {
                if (!is(child)) {
                    return false;
                }
            }
        }
        for (var list : Set.of("anyOf", "allOf", "prefixItems")) {
            for (var child : schema.path(list)) {
                if (!is(child)) {
                    return false;
                }
            }
        }
        return !schema.has("items") || is(schema.path("items"));
    }
}
