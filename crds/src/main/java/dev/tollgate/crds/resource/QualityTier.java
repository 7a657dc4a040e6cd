package dev.tollgate.crds.resource;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;

/** A coarse quality of a model: 25, 50 or 80 on the scale 1..100. */
@WireEnum
public enum QualityTier {
    @JsonProperty("Low")
    LOW,
    @JsonProperty("Standard")
    STANDARD,
    @JsonProperty("High")
    HIGH,
    /** A value of a newer schema; the compiler refuses it. */
    @JsonEnumDefaultValue
    UNKNOWN
}
