package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** Weights of the weighted score; lower scores win. */
@Wire
public record ScoreWeights(
        @Nullable Integer cost,
        @Nullable Integer latency,
        @Nullable Integer errorRate,
        @Nullable Integer quality) {}
