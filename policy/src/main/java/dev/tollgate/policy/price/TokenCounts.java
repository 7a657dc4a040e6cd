package dev.tollgate.policy.price;

/**
 * Token counts of one answer; the same members and meaning as {@code dialects.Usage}, which this
 * module does not see. All are >= 0.
 *
 * @param input all input, cached input included
 * @param cacheRead the part of input that was read from a prompt cache
 * @param cacheWrite5m the part of input that was written to a cache for 5 minutes
 * @param cacheWrite1h the part of input that was written to a cache for an hour
 * @param output all output, reasoning included
 * @param reasoning the part of output that was reasoning
 * @param inputAudio the part of input that was audio
 * @param outputAudio the part of output that was audio
 * @param serverToolCalls calls of tools that the provider ran itself
 */
public record TokenCounts(
        long input,
        long cacheRead,
        long cacheWrite5m,
        long cacheWrite1h,
        long output,
        long reasoning,
        long inputAudio,
        long outputAudio,
        long serverToolCalls) {

    /** Counts without caches, audio or server tools. */
    public static TokenCounts of(long input, long output) {
        return new TokenCounts(input, 0, 0, 0, output, 0, 0, 0, 0);
    }

    /** Whether the figures can be true: none negative, no part larger than its whole. */
    public boolean plausible() {
        return input >= 0
                && cacheRead >= 0
                && cacheWrite5m >= 0
                && cacheWrite1h >= 0
                && output >= 0
                && reasoning >= 0
                && inputAudio >= 0
                && outputAudio >= 0
                && serverToolCalls >= 0
                && cacheRead <= input
                && cacheWrite5m <= input - cacheRead
                && cacheWrite1h <= input - cacheRead - cacheWrite5m
                && reasoning <= output
                && outputAudio <= output;
    }
}
