package dev.tollgate.dialects;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one strict pass over a request's bytes finds, with no object tree built: all that routing,
 * reservation and same-dialect splicing need. Places are byte offsets in the body.
 *
 * @param model the body's model; null in Gemini, whose path names it
 * @param maxOutputTokens the output limit that the client set
 * @param choices how many answers are asked for ({@code n}, {@code candidateCount}; of embeddings
 *     one for each input); >= 1
 * @param includeUsage whether an OpenAI chat stream asked for usage
 * @param messages turns in the body, system prompt included
 * @param textBytes UTF-8 bytes of every string and number that the model may read (never base64
 *     media), and what the provider is known to add for tools by their type: with {@code messages}
 *     and an allowance for hidden prompts an upper bound of its input tokens
 * @param images number of images
 * @param documentBytes bytes of the decoded documents (PDF), 0 without any
 * @param temperature the spelling of {@code temperature}, null if absent: for cache and spans only
 * @param responsesShape whether a body that was posted to chat completions has the shape of a
 *     Responses request, as an editor sends it
 * @param features what the request uses
 * @param unbounded fields by whose nature the input cannot be bounded from the body (file ids,
 *     previous_response_id, cachedContent, URLs of documents, server-side tools), by name
 */
public record RequestScan(
        Dialect dialect,
        Operation operation,
        @Nullable String model,
        boolean stream,
        OptionalLong maxOutputTokens,
        int choices,
        boolean includeUsage,
        int messages,
        long textBytes,
        int images,
        long documentBytes,
        @Nullable String temperature,
        boolean responsesShape,
        Set<Feature> features,
        List<String> unbounded,
        Places places)
        implements Scanned {

    /** What a request uses, as RoutingPolicy's {@code match.requires} names it. */
    public enum Feature {
        TOOLS,
        VISION,
        JSON_SCHEMA,
        AUDIO,
        REASONING,
        LOGPROBS
    }

    /** Half-open range of bytes. */
    public record Span(int from, int to) {}

    /**
     * Where values stand that the gateway may replace; null: not in the body.
     *
     * @param bodyStart offset just behind the opening brace of the top-level object, where a member
     *     can be inserted
     * @param emptyObject whether the top-level object has no member
     * @param model the value of {@code model}, quotes included
     * @param maxOutputTokens values of every output limit that the dialect knows, a null included
     * @param streamOptions the object after {@code stream_options}, braces included, or its null
     * @param includeUsage the value of {@code stream_options.include_usage}
     * @param generationConfig the object after Gemini's {@code generationConfig}, braces included,
     *     or its null
     * @param otherModels further values that name the same model (Gemini's {@code requests[].model}
     *     and {@code generateContentRequest.model}), quotes included
     */
    public record Places(
            int bodyStart,
            boolean emptyObject,
            @Nullable Span model,
            List<Span> maxOutputTokens,
            @Nullable Span streamOptions,
            @Nullable Span includeUsage,
            @Nullable Span generationConfig,
            List<Span> otherModels) {
        public Places {
            maxOutputTokens = List.copyOf(maxOutputTokens);
            otherModels = List.copyOf(otherModels);
        }
    }

    public RequestScan {
        features = Set.copyOf(features);
        unbounded = List.copyOf(unbounded);
    }
}
