package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.jspecify.annotations.Nullable;

/**
 * A tool call to make. In a stream its arguments come in {@code pieces} (default 2); Gemini sends a
 * call whole, as its API does.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ToolCall(String name, JsonNode arguments, @Nullable Integer pieces) {
    private static final int DEFAULT_PIECES = 2;

    public ToolCall {
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("name: missing (expected: the tool's name)");
        }
        if (arguments == null || arguments.isNull()) {
            arguments = JsonNodeFactory.instance.objectNode();
        }
        if (!arguments.isObject()) {
            throw new IllegalArgumentException("arguments: " + arguments + " (expected: a map)");
        }
        Bounds.optional("pieces", pieces, 1, 10_000);
    }

    public int pieceCount() {
        return pieces == null ? DEFAULT_PIECES : pieces;
    }
}
