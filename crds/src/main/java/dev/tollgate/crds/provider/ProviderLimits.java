package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/**
 * Limits of the upstream account, shared by the fleet; routing skips the provider above {@code
 * skipAbovePercent}, default 95.
 */
@Wire
public record ProviderLimits(
        @Nullable Long requestsPerMinute,
        @Nullable Long tokensPerMinute,
        @Nullable Integer maxConcurrent,
        @Nullable Integer skipAbovePercent) {}
