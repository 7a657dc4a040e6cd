package dev.tollgate.crds.budget;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** Rate limits of the subject, shared by the fleet. */
@Wire
public record RateLimits(
        @Nullable Long requestsPerMinute,
        @Nullable Long tokensPerMinute,
        @Nullable Integer maxConcurrent) {}
