package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import java.util.Locale;
import java.util.Set;

/** Turns Gemini's OpenAPI subset ({@code STRING}, {@code nullable}) into JSON schema. */
final class OpenApiSchema {
    private static final Set<String> SCHEMA_LISTS =
            Set.of("anyOf", "allOf", "oneOf", "prefixItems");
    private static final Set<String> SCHEMA_MAPS = Set.of("properties", "$defs", "definitions");
    private static final Set<String> NUMBERS =
            Set.of(
                    "minItems",
                    "maxItems",
                    "minLength",
                    "maxLength",
                    "minProperties",
                    "maxProperties");

    private OpenApiSchema() {}

    static ObjectNode toJsonSchema(ObjectNode schema) {
        var result = Json.object();
        boolean nullable = Json.isTrue(schema, "nullable");
        for (var field : schema.properties()) {
            var name = snakeFree(field.getKey());
            var value = field.getValue();
            if (name.equals("nullable") || name.equals("propertyOrdering") || value.isNull()) {
                continue;
            }
            result.set(name, value(name, value));
        }
        if (nullable && result.path("type").isTextual()) {
            var type = result.get("type");
            result.set("type", Json.array().add(type).add("null"));
        }
        return result;
    }

    private static JsonNode value(String name, JsonNode value) {
        if (name.equals("type")) {
            return type(value);
        }
        if (NUMBERS.contains(name) && value.isTextual() && isNumber(value.textValue())) {
            // int64 in Google's JSON is a string
            return Json.object().numberNode(Long.parseLong(value.textValue()));
        }
        if (SCHEMA_MAPS.contains(name)) {
            var map = Json.object();
            value.properties().forEach(each -> map.set(each.getKey(), schema(each.getValue())));
            return map;
        }
        if (SCHEMA_LISTS.contains(name)) {
            var list = Json.array();
            value.forEach(each -> list.add(schema(each)));
            return list;
        }
        return name.equals("items") || name.equals("additionalProperties") ? schema(value) : value;
    }

    /** Anything else stays as the client wrote it, for the provider to judge. */
    private static boolean isNumber(String text) {
        return text.matches("-?\\d{1,18}");
    }

    private static JsonNode schema(JsonNode value) {
        return value instanceof ObjectNode object ? toJsonSchema(object) : value;
    }

    private static JsonNode type(JsonNode type) {
        if (type.isTextual()) {
            return Json.object().textNode(type.textValue().toLowerCase(Locale.ROOT));
        }
        var types = Json.array();
        type.forEach(each -> types.add(type(each)));
        return types;
    }

    private static String snakeFree(String name) {
        return switch (name) {
            case "any_of" -> "anyOf";
            case "property_ordering" -> "propertyOrdering";
            case "min_items" -> "minItems";
            case "max_items" -> "maxItems";
            case "min_length" -> "minLength";
            case "max_length" -> "maxLength";
            case "min_properties" -> "minProperties";
            case "max_properties" -> "maxProperties";
            case "additional_properties" -> "additionalProperties";
            case "defs" -> "$defs";
            case "ref" -> "$ref";
            default -> name;
        };
    }
}
