package dev.tollgate.crds.provider;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** Active checks; {@code model} goes with Completion. */
@Wire
public record HealthCheck(
        @Nullable Mode mode,
        @Nullable String model,
        @Nullable String interval,
        @Nullable String timeout,
        @Nullable Integer unhealthyAfter,
        @Nullable Integer healthyAfter) {

    /** ListModels costs nothing, Completion asks for one token. */
    @WireEnum
    public enum Mode {
        @JsonProperty("Disabled")
        DISABLED,
        @JsonProperty("ListModels")
        LIST_MODELS,
        @JsonProperty("Completion")
        COMPLETION,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
