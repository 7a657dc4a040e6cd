package dev.tollgate.dataplane.record;

import dev.tollgate.policy.price.Money;

/**
 * What makes a usage record one of a copy: whose copy it is, and what the answer of the original
 * was like.
 *
 * @param name of the shadow
 * @param requestId of the original
 * @param finishReason of the copy, as its provider spells it; empty: none
 */
public record ShadowOf(String name, String requestId, String finishReason, Original original) {

    /**
     * @param finishReason as its provider spells it, empty: none
     */
    public record Original(
            String provider,
            String model,
            String finishReason,
            long outputTokens,
            long latencyMillis,
            Money cost) {}
}
