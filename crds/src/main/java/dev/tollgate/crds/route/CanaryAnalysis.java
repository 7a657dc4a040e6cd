package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** What a canary must not exceed, compared with the other targets of the rule. */
@Wire
public record CanaryAnalysis(
        @Nullable Integer minRequests,
        @Nullable Integer maxErrorRatePercent,
        @Nullable Integer maxLatencyIncreasePercent,
        @Nullable Integer maxCostIncreasePercent) {}
