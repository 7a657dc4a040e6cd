package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.time.Instant;

/** A caller that a detector has stopped. */
@Wire
public record Hold(
        String caller, Reason reason, @JsonFormat(shape = JsonFormat.Shape.STRING) Instant until) {

    /** Which detector. */
    @WireEnum
    public enum Reason {
        @JsonProperty("Deviation")
        DEVIATION,
        @JsonProperty("Loop")
        LOOP,
        @JsonProperty("Tokens")
        TOKENS,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
