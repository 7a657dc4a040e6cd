package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** The answer cache. */
@Wire
public record Cache(@Nullable Mode mode, @Nullable String ttl, @Nullable Temperature temperature) {

    /** Exact keys on the whole request. */
    @WireEnum
    public enum Mode {
        @JsonProperty("Disabled")
        DISABLED,
        @JsonProperty("Exact")
        EXACT,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }

    /** ZeroOnly caches only requests that send temperature 0. */
    @WireEnum
    public enum Temperature {
        @JsonProperty("ZeroOnly")
        ZERO_ONLY,
        @JsonProperty("Any")
        ANY,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
