package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.WireEnum;

/** What a detector does. */
@WireEnum
public enum AnomalyAction {
    @JsonProperty("Ignore")
    IGNORE,
    @JsonProperty("Alert")
    ALERT,
    @JsonProperty("Hold")
    HOLD,
    /** A value of a newer schema; the compiler refuses it. */
    @JsonEnumDefaultValue
    UNKNOWN
}
