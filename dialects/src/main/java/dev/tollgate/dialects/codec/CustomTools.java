package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.conversation.Tool;
import org.jspecify.annotations.Nullable;

/** OpenAI's tools with free text input, in either of its dialects. */
public final class CustomTools {
    private CustomTools() {}

    /**
     * The tool. Its grammar goes into its description: no other dialect enforces one.
     *
     * @param grammar the object with the grammar's syntax and definition, missing if there is none
     */
    public static Tool tool(String name, @Nullable String description, JsonNode grammar) {
        var text = description == null ? "" : description;
        var definition = Json.text(grammar, "definition");
        if (definition != null) {
            text +=
                    "\nThe input must match this "
                            + Json.textOr(grammar, "syntax", "")
                            + " grammar:\n"
                            + definition;
        }
        return new Tool(name, text.isEmpty() ? null : text, null, null, true, null);
    }
}
