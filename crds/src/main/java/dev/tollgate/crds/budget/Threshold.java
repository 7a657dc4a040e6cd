package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** One step of the ladder. */
@Wire
public record Threshold(
        String name,
        int percent,
        Action action,
        @Nullable String downgradeTo,
        @Nullable Integer maxOutputTokens) {

    /** What happens from {@code percent} on. */
    @WireEnum
    public enum Action {
        @JsonProperty("Alert")
        ALERT,
        @JsonProperty("Downgrade")
        DOWNGRADE,
        @JsonProperty("CapOutput")
        CAP_OUTPUT,
        @JsonProperty("Block")
        BLOCK,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
