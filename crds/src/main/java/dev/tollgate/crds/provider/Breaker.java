package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** The circuit breaker of each proxy and model. */
@Wire
public record Breaker(
        @Nullable Integer consecutiveFailures,
        @Nullable String openFor,
        @Nullable String maxOpenFor,
        @Nullable Integer halfOpenProbes) {}
