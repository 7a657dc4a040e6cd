package dev.tollgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.MultiMap;
import java.io.IOException;
import java.util.List;

/** The path to which a client would probably post a body of this shape. */
final class GuessedPath {

    /** Members that only Anthropic Messages have at the top. */
    private static final List<String> ANTHROPIC = List.of("system", "stop_sequences", "thinking");

    private GuessedPath() {}

    static String of(byte[] body, MultiMap headers) {
        var root = root(body);
        if (root.has("contents")) {
            throw CommandFailure.usage(
                    "a body of Gemini's does not name its model: give --path, such as"
                            + " /v1beta/models/MODEL:generateContent");
        }
        if (!root.has("messages")) {
            return root.has("input") ? "/v1/responses" : "/v1/chat/completions";
        }
        boolean anthropic =
                headers.contains("anthropic-version")
                        || ANTHROPIC.stream().anyMatch(root::has)
                        || root.path("tools").path(0).has("input_schema");
        return anthropic ? "/v1/messages" : "/v1/chat/completions";
    }

    private static JsonNode root(byte[] body) {
        try {
            return new ObjectMapper().readTree(body);
        } catch (IOException e) {
            throw CommandFailure.usage("the request is not JSON: give --path if it need not be");
        }
    }
}
