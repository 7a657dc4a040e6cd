package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** Requests of one caller or session stay on one target. */
@Wire
public record Sticky(Key key, @Nullable String header) {

    /** What stays together. */
    @WireEnum
    public enum Key {
        @JsonProperty("Caller")
        CALLER,
        @JsonProperty("Header")
        HEADER,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
