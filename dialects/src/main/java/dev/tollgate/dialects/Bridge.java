package dev.tollgate.dialects;

import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How a client's dialect is carried over a provider's dialect. Stateless: the data plane calls
 * {@link #request} again for each attempt, and {@link #answer} or {@link #stream} once per answer.
 * Where both dialects are the same, bytes pass unchanged but for the named edits.
 */
public interface Bridge {

    /** The bridge between two dialects; null if this pair cannot be carried (yet). */
    static @Nullable Bridge between(Dialect client, Dialect provider, Operation operation) {
        return Bridges.between(client, provider, operation);
    }

    /** Makes the provider's request of the client's. */
    Outbound request(RequestScan scan, byte[] body, RequestTerms terms);

    /** Makes the client's answer of a complete answer of status 2xx. */
    AnswerRead answer(byte[] providerBody, AnswerTerms terms);

    /**
     * Makes the client's stream of the provider's stream of status 2xx. One per answer, one thread.
     */
    AnswerStream stream(AnswerTerms terms);

    /** A stream that can be {@linkplain AnswerStream#endAtLimit ended} before its provider ends. */
    default AnswerStream limitedStream(AnswerTerms terms) {
        return stream(terms);
    }

    /**
     * What the gateway has decided about one attempt's request.
     *
     * @param model the id that the provider expects
     * @param maxOutputTokens written into the request when present (a bound that the client left
     *     out, or a clamp); else the client's own stays
     * @param catalogMaxOutputTokens the model's maximum, for dialects in which a limit is required
     * @param quirks deviations of the provider, by name, such as {@code max_tokens} for old
     *     servers; those of chat completions are {@link dev.tollgate.dialects.deviation.Deviation}s
     */
    record RequestTerms(
            String model,
            OptionalLong maxOutputTokens,
            OptionalLong catalogMaxOutputTokens,
            List<String> quirks) {
        public RequestTerms {
            quirks = List.copyOf(quirks);
        }
    }

    /** The outcome of making the provider's request. */
    sealed interface Outbound {
        /**
         * @param dropped names of the client's fields that were left out as harmless
         */
        record Ready(byte[] body, List<String> dropped) implements Outbound {
            public Ready {
                dropped = List.copyOf(dropped);
            }
        }

        /**
         * No provider needs to be asked.
         *
         * @param body the client's answer
         * @param estimated names of what in it is a guess
         */
        record Answered(byte[] body, List<String> estimated) implements Outbound {
            public Answered {
                estimated = List.copyOf(estimated);
            }
        }

        /** The pair cannot carry this request: 400, or the next target. */
        record Refused(String message, @Nullable String param) implements Outbound {}
    }

    /**
     * What the answer must look like.
     *
     * @param scan the client's request
     * @param clientBody the client's request
     * @param model written as the answer's model when not null (a mapped alias); else the
     *     provider's own stays
     * @param sse for Gemini clients: server-sent events, else one JSON array
     * @param id a unique id for dialects whose answers need one that the provider did not give
     * @param createdSeconds the time of the answer, in Unix seconds, for the same purpose
     */
    record AnswerTerms(
            RequestScan scan,
            byte[] clientBody,
            @Nullable String model,
            boolean sse,
            String id,
            long createdSeconds) {}

    /** The outcome of reading a complete answer. */
    sealed interface AnswerRead {
        /**
         * @param body for the client
         * @param usage null if the provider reported none
         * @param finishReason the provider's word, null if none
         * @param model the model that the provider says has answered, null if it does not
         * @param visibleOutputBytes UTF-8 bytes of the text and tool calls in the answer
         */
        record Read(
                byte[] body,
                @Nullable Usage usage,
                @Nullable String finishReason,
                @Nullable String model,
                long visibleOutputBytes)
                implements AnswerRead {}

        /** The provider's body is not an answer of its dialect: treated as a server error. */
        record Unreadable(String message) implements AnswerRead {}
    }
}
