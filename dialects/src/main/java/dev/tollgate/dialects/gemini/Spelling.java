package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import java.util.Set;

/**
 * Gemini takes the names of its fields in camelCase and in snake_case, mixed in one body. This
 * makes all of them camelCase, and leaves what belongs to the client (arguments, responses,
 * schemas) as it is.
 */
final class Spelling {
    private static final Set<String> CLIENTS_OWN =
            Set.of(
                    "args",
                    "response",
                    "parameters",
                    "parametersJsonSchema",
                    "responseSchema",
                    "responseJsonSchema",
                    "labels");

    private Spelling() {}

    static JsonNode camelCase(JsonNode node) {
        if (node.isArray()) {
            var array = Json.array();
            node.forEach(each -> array.add(camelCase(each)));
            return array;
        }
        if (!(node instanceof ObjectNode object)) {
            return node;
        }
        var renamed = Json.object();
        for (var field : object.properties()) {
            var name = camelCase(field.getKey());
            renamed.set(
                    name,
                    CLIENTS_OWN.contains(name) ? field.getValue() : camelCase(field.getValue()));
        }
        return renamed;
    }

    private static String camelCase(String name) {
        if (name.indexOf('_') < 0) {
            return name;
        }
        var camel = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '_' && i + 1 < name.length() && !camel.isEmpty()) {
                camel.append(Character.toUpperCase(name.charAt(++i)));
            } else {
                camel.append(c);
            }
        }
        return camel.toString();
    }
}
