package dev.tollgate.dialects.conversation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** What the answer's text must be. */
public sealed interface OutputFormat {

    record Free() implements OutputFormat {}

    /** Any JSON object. */
    record JsonObject() implements OutputFormat {}

    /**
     * @param bare whether an answer that is a text is wanted without its quotes
     */
    record JsonSchema(
            String name,
            @Nullable String description,
            ObjectNode schema,
            @Nullable Boolean strict,
            boolean bare)
            implements OutputFormat {

        public JsonSchema(
                String name,
                @Nullable String description,
                ObjectNode schema,
                @Nullable Boolean strict) {
            this(name, description, schema, strict, false);
        }
    }
}
