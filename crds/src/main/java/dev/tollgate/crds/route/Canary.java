package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A target that takes a rising share; its state lives in status, spec is never edited. */
@Wire
public record Canary(
        String target,
        @Nullable OnFailure onFailure,
        List<CanaryStep> steps,
        @Nullable CanaryAnalysis analysis) {
    public Canary {
        steps = Absent.asEmpty(steps);
    }

    /** Rollback gives the canary 0 %, Pause freezes the step. */
    @WireEnum
    public enum OnFailure {
        @JsonProperty("Rollback")
        ROLLBACK,
        @JsonProperty("Pause")
        PAUSE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
