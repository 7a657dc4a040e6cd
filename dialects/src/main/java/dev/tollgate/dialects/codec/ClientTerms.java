package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.conversation.Conversation;
import org.jspecify.annotations.Nullable;

/**
 * What an answer must fit.
 *
 * @param id unique, for answers whose provider gave none
 * @param createdSeconds Unix time
 * @param model written as the answer's model when not null
 * @param includeUsage whether a chat stream shall report usage
 * @param sse for Gemini: server-sent events, else one JSON array
 * @param inputEstimateTokens for events that name input tokens before the provider did
 * @param body the client's request
 * @param request the same, decoded
 */
public record ClientTerms(
        String id,
        long createdSeconds,
        @Nullable String model,
        boolean includeUsage,
        boolean sse,
        long inputEstimateTokens,
        ObjectNode body,
        Conversation request) {

    /** The model to write: the alias, else the provider's, else what the client asked for. */
    public String modelOr(@Nullable String providers) {
        if (model != null) {
            return model;
        }
        if (providers != null && !providers.isEmpty()) {
            return providers;
        }
        var asked = Json.text(body, "model");
        return asked == null ? "unknown" : asked;
    }
}
