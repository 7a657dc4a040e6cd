package dev.tollgate.policy.route;

import java.time.Instant;
import java.util.Set;
import java.util.function.IntSupplier;

/**
 * What routing looks at in a request.
 *
 * @param model the client-visible name
 * @param requires capabilities that a model must have to serve it, named as in ModelProvider, the
 *     operation's own included: {@code Chat}, {@code Tools}, ...
 * @param estimatedInputTokens a guess, not a bound
 * @param outputLimit tokens that the client asks for at most, over all choices; -1: it set no limit
 * @param stream whether it wants the answer as a stream
 * @param complexity score of the prompt, 0..100; asked only if a rule wants to know it
 */
public record Ask(
        Caller caller,
        String model,
        HeaderLookup headers,
        Set<String> requires,
        long estimatedInputTokens,
        long outputLimit,
        boolean stream,
        Instant now,
        IntSupplier complexity) {

    public Ask {
        requires = Set.copyOf(requires);
    }

    public Ask withModel(String other) {
        return new Ask(
                caller,
                other,
                headers,
                requires,
                estimatedInputTokens,
                outputLimit,
                stream,
                now,
                complexity);
    }
}
