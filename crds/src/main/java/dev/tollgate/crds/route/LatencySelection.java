package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** What latency is measured, and how much traffic keeps the figures fresh. */
@Wire
public record LatencySelection(@Nullable Metric metric, @Nullable Integer explorePercent) {

    /** First token or the whole answer. */
    @WireEnum
    public enum Metric {
        @JsonProperty("FirstToken")
        FIRST_TOKEN,
        @JsonProperty("Total")
        TOTAL,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
