package dev.tollgate.dialects.error;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.StringJoiner;

/**
 * The text of an error, wherever a server has put it: {@code message}; a list {@code detail} of
 * places and texts, which Mistral puts into {@code message} or beside it; a text {@code detail};
 * and where OpenRouter only says that a provider failed, what that provider said.
 */
final class ErrorText {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int MAX_DETAILS = 8;
    private static final String OF_ANOTHER = "Provider returned error";

    private ErrorText() {}

    /**
     * @param error what describes the error in the body; the body itself if nothing else does
     * @return empty if there is none
     */
    static String of(JsonNode body, JsonNode error) {
        var message = error.path("message");
        if (message.isValueNode() && !message.asText("").isEmpty()) {
            var raw = error.path("metadata").path("raw").asText("");
            boolean another = message.asText().equals(OF_ANOTHER) && !raw.isBlank();
            return another ? OF_ANOTHER + ": " + inner(raw) : message.asText();
        }
        for (var detail :
                new JsonNode[] {
                    message.path("detail"), message, error.path("detail"), body.path("detail")
                }) {
            var text = detail.isArray() ? list(detail) : detail.asText("");
            if (!text.isEmpty()) {
                return text;
            }
        }
        return error.path("msg").asText("");
    }

    private static String list(JsonNode details) {
        var all = new StringJoiner("; ");
        for (int i = 0; i < Math.min(details.size(), MAX_DETAILS); i++) {
            var detail = details.get(i);
            var text = detail.isTextual() ? detail.textValue() : detail.path("msg").asText("");
            var place = new StringJoiner(".");
            for (var step : detail.path("loc")) {
                if (place.length() > 0 || !step.asText().equals("body")) {
                    place.add(step.asText());
                }
            }
            if (!text.isEmpty()) {
                all.add(place.length() == 0 ? text : place + ": " + text);
            }
        }
        return all.toString();
    }

    /** The message within a JSON text, else the text. */
    private static String inner(String raw) {
        try {
            var tree = JSON.readTree(raw);
            var error = tree.path("error").isObject() ? tree.path("error") : tree;
            var message = error.path("message").asText("");
            return message.isEmpty() ? raw : message;
        } catch (IOException noJson) {
            return raw;
        }
    }
}
