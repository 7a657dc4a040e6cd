package dev.tollgate.dialects.conversation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * A tool that the client runs.
 *
 * @param parameters JSON schema of the arguments, null if it takes none
 * @param custom whether the model writes free text instead of arguments (OpenAI's custom tools)
 */
public record Tool(
        String name,
        @Nullable String description,
        @Nullable ObjectNode parameters,
        @Nullable Boolean strict,
        boolean custom,
        @Nullable CacheMarker cache) {}
