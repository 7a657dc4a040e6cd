package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Cheap targets first, stepping up when the answer is not good enough. */
@Wire
public record Cascade(
        List<StepUp> stepUpOn, @Nullable Integer maxSteps, @Nullable Integer minConfidencePercent) {
    public Cascade {
        stepUpOn = Absent.asEmpty(stepUpOn);
    }

    /** Why the next target is asked. */
    @WireEnum
    public enum StepUp {
        @JsonProperty("Failure")
        FAILURE,
        @JsonProperty("Refusal")
        REFUSAL,
        @JsonProperty("InvalidJson")
        INVALID_JSON,
        @JsonProperty("LowConfidence")
        LOW_CONFIDENCE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
