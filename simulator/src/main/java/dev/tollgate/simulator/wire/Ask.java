package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.simulator.script.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * A request that a real provider would take.
 *
 * @param arrayStream Gemini without {@code alt=sse}: the stream is one JSON array
 * @param includeUsage OpenAI chat: whether the stream tells the usage
 * @param maxTokens the most output that the caller takes, reasoning included
 * @param text all text of the prompt, for rules and for the default count of its tokens
 * @param toolResult whether the conversation ends with the result of a tool
 */
public record Ask(
        Endpoint endpoint,
        String model,
        boolean stream,
        boolean arrayStream,
        boolean includeUsage,
        @Nullable Long maxTokens,
        String text,
        boolean toolResult,
        JsonNode body) {

    /** A request that was understood, or the provider's refusal. */
    public sealed interface Reading {
        /** All checks passed. */
        record Valid(Ask ask) implements Reading {}

        /** One did not. */
        record Invalid(ApiError error) implements Reading {}
    }
}
