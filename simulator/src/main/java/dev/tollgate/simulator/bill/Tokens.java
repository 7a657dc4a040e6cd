package dev.tollgate.simulator.bill;

/**
 * The tokens of one call as the provider counts them, whatever it reports: {@code input} includes
 * the cached and the cache-writing ones, {@code output} includes the reasoning ones.
 */
public record Tokens(long input, long cached, long cacheWrite, long output, long reasoning) {
    public static final Tokens NONE = new Tokens(0, 0, 0, 0, 0);

    public Tokens {
        if (input < 0 || cached < 0 || cacheWrite < 0 || output < 0 || reasoning < 0) {
            throw new IllegalArgumentException(
                    "tokens: %d/%d/%d/%d/%d (expected: none below 0)"
                            .formatted(input, cached, cacheWrite, output, reasoning));
        }
        if (Math.addExact(cached, cacheWrite) > input) {
            throw new IllegalArgumentException(
                    "cached %d + cacheWrite %d (expected: at most the input, %d)"
                            .formatted(cached, cacheWrite, input));
        }
        if (reasoning > output) {
            throw new IllegalArgumentException(
                    "reasoning: %d (expected: at most the output, %d)"
                            .formatted(reasoning, output));
        }
    }

    /** The same input, with the output that was generated until now. */
    public Tokens withOutput(long generated) {
        return new Tokens(input, cached, cacheWrite, generated, Math.min(reasoning, generated));
    }

    Tokens plus(Tokens other) {
        return new Tokens(
                Math.addExact(input, other.input),
                Math.addExact(cached, other.cached),
                Math.addExact(cacheWrite, other.cacheWrite),
                Math.addExact(output, other.output),
                Math.addExact(reasoning, other.reasoning));
    }
}
