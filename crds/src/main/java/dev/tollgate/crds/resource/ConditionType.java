package dev.tollgate.crds.resource;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The condition types of all kinds; which of them count towards {@code Ready} is the compiler's
 * business.
 */
@WireEnum
public enum ConditionType {
    @JsonProperty("Accepted")
    ACCEPTED,
    @JsonProperty("ResolvedRefs")
    RESOLVED_REFS,
    @JsonProperty("Programmed")
    PROGRAMMED,
    @JsonProperty("Ready")
    READY,
    @JsonProperty("Reconciling")
    RECONCILING,
    @JsonProperty("Stalled")
    STALLED,
    @JsonProperty("Conflicted")
    CONFLICTED,
    @JsonProperty("Healthy")
    HEALTHY,
    @JsonProperty("Drill")
    DRILL,
    @JsonProperty("CanaryProgressing")
    CANARY_PROGRESSING,
    @JsonProperty("ModelDeprecated")
    MODEL_DEPRECATED,
    @JsonProperty("ThresholdReached")
    THRESHOLD_REACHED,
    @JsonProperty("Exhausted")
    EXHAUSTED,
    @JsonProperty("BoundViolation")
    BOUND_VIOLATION,
    @JsonProperty("Anomalous")
    ANOMALOUS,
    @JsonProperty("Held")
    HELD,
    /** A value of a newer schema; the compiler refuses it. */
    @JsonEnumDefaultValue
    UNKNOWN
}
