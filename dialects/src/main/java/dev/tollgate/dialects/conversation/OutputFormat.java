package dev.tollgate.dialects.conversation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** What the answer's text must be. */
public sealed interface OutputFormat {

    record Free() implements OutputFormat {}

    /** Any JSON object. */
    record JsonObject() implements OutputFormat {}

    record JsonSchema(
            String name, @Nullable String description, ObjectNode schema, @Nullable Boolean strict)
            implements OutputFormat {}
}
