package dev.tollgate.dialects;

/**
 * Token counts of one answer in one form, whatever the provider calls them (protocols.md, section
 * 7). All counts are tokens and >= 0.
 *
 * @param input all input, cached input included
 * @param cacheRead the part of input that was read from a prompt cache
 * @param cacheWrite5m the part of input that was written to a cache for 5 minutes (or unnamed)
 * @param cacheWrite1h the part of input that was written to a cache for an hour
 * @param output all output, reasoning included
 * @param reasoning the part of output that was reasoning
 * @param inputAudio the part of input that was audio
 * @param outputAudio the part of output that was audio
 * @param serverToolCalls calls of tools that the provider ran itself (web searches)
 */
public record Usage(
        long input,
        long cacheRead,
        long cacheWrite5m,
        long cacheWrite1h,
        long output,
        long reasoning,
        long inputAudio,
        long outputAudio,
        long serverToolCalls) {

    public static final Usage NONE = new Usage(0, 0, 0, 0, 0, 0, 0, 0, 0);
}
