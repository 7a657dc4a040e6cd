package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** A second attempt when the first is slow; {@code after} goes with FirstToken. */
@Wire
public record Hedge(
        Mode mode, @Nullable String after, @Nullable Integer maxPercent, @Nullable String maxCost) {

    /** FirstToken starts the second when no token came in time. */
    @WireEnum
    public enum Mode {
        @JsonProperty("Disabled")
        DISABLED,
        @JsonProperty("FirstToken")
        FIRST_TOKEN,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
