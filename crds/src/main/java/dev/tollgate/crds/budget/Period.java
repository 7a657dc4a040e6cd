package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** The calendar window of the amount; default zone UTC and start day 1. */
@Wire
public record Period(Type type, @Nullable String timeZone, @Nullable Integer startDay) {

    /** Lifetime never resets. */
    @WireEnum
    public enum Type {
        @JsonProperty("Hour")
        HOUR,
        @JsonProperty("Day")
        DAY,
        @JsonProperty("Week")
        WEEK,
        @JsonProperty("Month")
        MONTH,
        @JsonProperty("Lifetime")
        LIFETIME,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
