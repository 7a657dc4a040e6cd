package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;

/**
 * Bodies in the shape of Responses that an editor posts to chat completions: {@code input} and no
 * {@code messages}, flat tools, and some fields by their names in chat completions.
 */
final class EditorShape {
    private EditorShape() {}

    static boolean is(ObjectNode body) {
        return body.hasNonNull("input") && !body.hasNonNull("messages");
    }

    /** The same with the names of Responses; the client's own body stays as it is. */
    static ObjectNode asResponses(ObjectNode body) {
        var renamed = Json.object();
        for (var field : body.properties()) {
            switch (field.getKey()) {
                case "max_tokens", "max_completion_tokens" ->
                        renamed.set("max_output_tokens", field.getValue());
                case "reasoning_effort" ->
                        renamed.withObject("/reasoning").set("effort", field.getValue());
                case "reasoning" -> {
                    if (field.getValue() instanceof ObjectNode asked) {
                        renamed.withObject("/reasoning").setAll(asked);
                    }
                }
                case "n" -> {
                    if (field.getValue().asLong() != 1) {
                        renamed.set("n", field.getValue());
                    }
                }
                default -> renamed.set(field.getKey(), field.getValue());
            }
        }
        return renamed;
    }
}
