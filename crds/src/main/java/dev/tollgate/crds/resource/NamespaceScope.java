package dev.tollgate.crds.resource;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/** The namespaces that may use an object; default Same, and {@code selector} goes with Selector. */
@Wire
public record NamespaceScope(@Nullable From from, @Nullable LabelSelector selector) {

    /** Where users of the object may be. */
    @WireEnum
    public enum From {
        @JsonProperty("Same")
        SAME,
        @JsonProperty("All")
        ALL,
        @JsonProperty("Selector")
        SELECTOR,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
