package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/**
 * Prices that replace the base ones when a request has more input tokens than {@code
 * aboveInputTokens}.
 */
@Wire
public record PriceTier(
        int aboveInputTokens,
        @Nullable String inputPer1M,
        @Nullable String cachedInputPer1M,
        @Nullable String cacheWritePer1M,
        @Nullable String cacheWrite1hPer1M,
        @Nullable String outputPer1M) {}
