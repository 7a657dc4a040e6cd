package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.WireEnum;

/** The class of a prompt by its complexity score. */
@WireEnum
public enum ComplexityClass {
    @JsonProperty("Simple")
    SIMPLE,
    @JsonProperty("Moderate")
    MODERATE,
    @JsonProperty("Complex")
    COMPLEX,
    /** A value of a newer schema; the compiler refuses it. */
    @JsonEnumDefaultValue
    UNKNOWN
}
