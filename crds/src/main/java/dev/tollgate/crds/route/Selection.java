package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** How one of the targets of a priority is chosen; default Weighted. */
@Wire
public record Selection(
        @Nullable Type type,
        @Nullable Weights weights,
        @Nullable QualityFloor qualityFloor,
        @Nullable LatencySelection latency,
        @Nullable ScoreWeights score,
        @Nullable Cascade cascade) {

    /** The strategy. */
    @WireEnum
    public enum Type {
        @JsonProperty("Weighted")
        WEIGHTED,
        @JsonProperty("RoundRobin")
        ROUND_ROBIN,
        @JsonProperty("LeastCost")
        LEAST_COST,
        @JsonProperty("LowestLatency")
        LOWEST_LATENCY,
        @JsonProperty("Score")
        SCORE,
        @JsonProperty("Cascade")
        CASCADE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }

    /** ErrorAware lowers the weight of a failing target. */
    @WireEnum
    public enum Weights {
        @JsonProperty("Static")
        STATIC,
        @JsonProperty("ErrorAware")
        ERROR_AWARE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
