package dev.tollgate.dialects.conversation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * A tool that the client runs.
 *
 * @param parameters JSON schema of the arguments, null if it takes none
 * @param custom whether the model writes free text instead of arguments (OpenAI's custom tools)
 * @param grammar syntax and definition of a custom tool's text, null if any text will do
 */
public record Tool(
        String name,
        @Nullable String description,
        @Nullable ObjectNode parameters,
        @Nullable Boolean strict,
        boolean custom,
        @Nullable CacheMarker cache,
        @Nullable ObjectNode grammar) {

    public Tool(
            String name,
            @Nullable String description,
            @Nullable ObjectNode parameters,
            @Nullable Boolean strict,
            boolean custom,
            @Nullable CacheMarker cache) {
        this(name, description, parameters, strict, custom, cache, null);
    }
}
