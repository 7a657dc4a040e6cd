package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.conversation.Tool;
import org.jspecify.annotations.Nullable;

/** OpenAI's tools with free text input, in either of its dialects. */
public final class CustomTools {
    private CustomTools() {}

    /**
     * The tool as its client declares it.
     *
     * @param grammar the object with the grammar's syntax and definition, missing if there is none
     */
    public static Tool tool(String name, @Nullable String description, JsonNode grammar) {
        boolean bound = Json.text(grammar, "definition") != null;
        return new Tool(
                name,
                description,
                null,
                null,
                true,
                null,
                bound && grammar instanceof ObjectNode object ? object : null);
    }

    /**
     * The description for a dialect without custom tools: the grammar stands in it, since nothing
     * there enforces one.
     */
    public static @Nullable String described(Tool tool) {
        var grammar = tool.grammar();
        if (grammar == null) {
            return tool.description();
        }
        return (tool.description() == null ? "" : tool.description() + "\n")
                + "The input must match this "
                + Json.textOr(grammar, "syntax", "")
                + " grammar:\n"
                + Json.textOr(grammar, "definition", "");
    }
}
