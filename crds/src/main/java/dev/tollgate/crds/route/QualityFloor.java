package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** The lowest quality that a target may have. */
@Wire
public record QualityFloor(
        @JsonProperty("default") @Nullable Integer defaultFloor,
        @Nullable Hint hint,
        @Nullable WhenUnmet whenUnmet) {

    /** Whether the header {@code x-quality-hint} moves the floor. */
    @WireEnum
    public enum Hint {
        @JsonProperty("Honour")
        HONOUR,
        @JsonProperty("Ignore")
        IGNORE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }

    /** What happens when no target reaches the floor. */
    @WireEnum
    public enum WhenUnmet {
        @JsonProperty("BestAvailable")
        BEST_AVAILABLE,
        @JsonProperty("Reject")
        REJECT,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
