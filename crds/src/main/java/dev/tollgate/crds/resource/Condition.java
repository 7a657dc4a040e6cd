package dev.tollgate.crds.resource;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;

/**
 * One entry of {@code status.conditions}; {@code lastTransitionTime} changes only when {@code
 * status} flips. Type and reason are two enums, so that they cannot be swapped.
 */
@Wire
public record Condition(
        ConditionType type,
        Status status,
        ConditionReason reason,
        String message,
        long observedGeneration,
        @JsonFormat(shape = JsonFormat.Shape.STRING) Instant lastTransitionTime) {

    /** Whether the condition holds. */
    @WireEnum
    public enum Status {
        @JsonProperty("True")
        TRUE,
        @JsonProperty("False")
        FALSE,
        @JsonProperty("Unknown")
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
