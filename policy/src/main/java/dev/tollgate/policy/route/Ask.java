package dev.tollgate.policy.route;

import java.util.Set;

/**
 * What routing looks at in a request.
 *
 * @param model the client-visible name
 * @param requires capabilities that a model must have to serve it, named as in ModelProvider, the
 *     operation's own included: {@code Chat}, {@code Tools}, ...
 * @param estimatedInputTokens a guess, not a bound
 */
public record Ask(
        Caller caller,
        String model,
        HeaderLookup headers,
        Set<String> requires,
        long estimatedInputTokens) {

    public Ask {
        requires = Set.copyOf(requires);
    }
}
