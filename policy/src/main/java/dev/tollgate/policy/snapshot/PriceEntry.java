package dev.tollgate.policy.snapshot;

import java.util.List;

/**
 * Prices of one model in micro-USD per million tokens, but for {@code perRequest}. A price that the
 * source leaves out is filled in by the compiler (cached input and cache writes cost what input
 * costs, audio what text costs), so that every count has a price.
 *
 * @param perRequest micro-USD per call
 * @param tiers rising by {@code aboveInputTokens}; the last one whose limit total input exceeds
 *     replaces the prices for the whole request
 * @param source {@code catalogue@DATE} or {@code provider}
 */
public record PriceEntry(
        long input,
        long cachedInput,
        long cacheWrite,
        long cacheWrite1h,
        long output,
        long inputAudio,
        long outputAudio,
        long perRequest,
        List<Tier> tiers,
        String source) {

    /** Prices above a count of input tokens, in micro-USD per million tokens. */
    public record Tier(
            long aboveInputTokens,
            long input,
            long cachedInput,
            long cacheWrite,
            long cacheWrite1h,
            long output) {}

    public PriceEntry {
        tiers = List.copyOf(tiers);
    }
}
