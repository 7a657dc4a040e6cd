package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.WireEnum;

/** A feature that the request uses. */
@WireEnum
public enum Requirement {
    @JsonProperty("Tools")
    TOOLS,
    @JsonProperty("Vision")
    VISION,
    @JsonProperty("JsonSchema")
    JSON_SCHEMA,
    @JsonProperty("Audio")
    AUDIO,
    @JsonProperty("Reasoning")
    REASONING,
    /** A value of a newer schema; the compiler refuses it. */
    @JsonEnumDefaultValue
    UNKNOWN
}
