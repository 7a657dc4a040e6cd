package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What came of the last {@code tollgate.dev/reclaim-lease}.
 *
 * @param request the annotation's text; the same one is not handled again
 * @param holder absent if the text could not be read, as are user and reason
 * @param returned what may be granted again, a decimal string
 * @param message for people
 */
@Wire
public record ReclaimStatus(
        String request,
        Outcome outcome,
        @Nullable String holder,
        @Nullable String user,
        @Nullable String reason,
        @Nullable String returned,
        @JsonFormat(shape = JsonFormat.Shape.STRING) Instant time,
        String message) {

    /** Whether the money is back. */
    @WireEnum
    public enum Outcome {
        @JsonProperty("Returned")
        RETURNED,
        @JsonProperty("Refused")
        REFUSED,
        /** A value of a newer schema. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
