package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** A test of one request header; {@code value} goes with Exact and Prefix. */
@Wire
public record HeaderMatch(String name, @Nullable Type type, @Nullable String value) {

    /** Default Exact. */
    @WireEnum
    public enum Type {
        @JsonProperty("Exact")
        EXACT,
        @JsonProperty("Prefix")
        PREFIX,
        @JsonProperty("Present")
        PRESENT,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
