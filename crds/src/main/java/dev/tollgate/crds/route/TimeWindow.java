package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A time of day on some days of the week, default all day, every day, UTC; {@code to} before {@code
 * from} crosses midnight.
 */
@Wire
public record TimeWindow(
        @Nullable String timeZone, List<Day> days, @Nullable String from, @Nullable String to) {
    public TimeWindow {
        days = Absent.asEmpty(days);
    }

    /** A day of the week. */
    @WireEnum
    public enum Day {
        @JsonProperty("Mon")
        MON,
        @JsonProperty("Tue")
        TUE,
        @JsonProperty("Wed")
        WED,
        @JsonProperty("Thu")
        THU,
        @JsonProperty("Fri")
        FRI,
        @JsonProperty("Sat")
        SAT,
        @JsonProperty("Sun")
        SUN,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
