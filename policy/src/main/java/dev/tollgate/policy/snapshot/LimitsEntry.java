package dev.tollgate.policy.snapshot;

import org.jspecify.annotations.Nullable;

/**
 * Limits of a provider's account or of a team, over the whole fleet; api.md, P6. Windows are of 60
 * s.
 *
 * @param requestsPerMinute null: none
 * @param tokensPerMinute input and output, null: none
 * @param maxConcurrent null: none
 * @param skipAbovePercent of a provider: above this part of a limit routing goes elsewhere; 100 for
 *     a team
 */
public record LimitsEntry(
        @Nullable Long requestsPerMinute,
        @Nullable Long tokensPerMinute,
        @Nullable Integer maxConcurrent,
        int skipAbovePercent) {}
