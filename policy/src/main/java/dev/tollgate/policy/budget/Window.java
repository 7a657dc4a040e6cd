package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import org.jspecify.annotations.Nullable;

/**
 * A fixed calendar window of a Budget in its time zone: from {@code start}, inclusive, to {@code
 * end}, exclusive. The windows of a period follow one another without gap or overlap, whatever the
 * zone does to its clocks: a day may have 23 or 25 hours, and a change of the clocks inside an hour
 * ends that hour.
 *
 * @param start null exactly when {@code end} is: Lifetime
 */
public record Window(@Nullable Instant start, @Nullable Instant end) {

    public static final Window LIFETIME = new Window(null, null);

    public Window {
        if ((start == null) != (end == null)) {
            throw new IllegalArgumentException("window: only one end (expected: both or none)");
        }
        if (start != null && end != null && !start.isBefore(end)) {
            throw new IllegalArgumentException(
                    "window: " + start + " to " + end + " (expected: start before end)");
        }
    }

    /** The window that {@code now} lies in. */
    public static Window of(Period period, Instant now) {
        var zone = ZoneId.of(period.timeZone());
        return switch (period.type()) {
            case LIFETIME -> LIFETIME;
            case HOUR -> hour(zone, now);
            case DAY, WEEK, MONTH -> dates(period, zone, now);
        };
    }

    /** One of the period's, which has changed since if it is not. */
    public boolean isOf(Period period) {
        return start == null ? period.type() == Period.Type.LIFETIME : equals(of(period, start));
    }

    /** It begins later; Lifetime never does, and nothing does after it. */
    public boolean isAfter(Window other) {
        return start != null && other.start != null && start.isAfter(other.start);
    }

    /** It has ended; Lifetime never does. */
    public boolean isOver(Instant now) {
        return end != null && !now.isBefore(end);
    }

    /** The time that is left; null: Lifetime. Zero when it is over. */
    public @Nullable Duration remaining(Instant now) {
        if (end == null) {
            return null;
        }
        return isOver(now) ? Duration.ZERO : Duration.between(now, end);
    }

    private static Window hour(ZoneId zone, Instant now) {
        var rules = zone.getRules();
        var offsetSeconds = rules.getOffset(now).getTotalSeconds();
        var start = now.plusSeconds(offsetSeconds).truncatedTo(ChronoUnit.HOURS);
        start = start.minusSeconds(offsetSeconds);
        var end = start.plus(1, ChronoUnit.HOURS);
        // a nanosecond on: previousTransition leaves out one that is exactly now
        var last = rules.previousTransition(now.plusNanos(1));
        if (last != null && last.getInstant().isAfter(start)) {
            start = last.getInstant();
        }
        var next = rules.nextTransition(now);
        if (next != null && next.getInstant().isBefore(end)) {
            end = next.getInstant();
        }
        return new Window(start, end);
    }

    /**
     * Compares instants and not local dates: where clocks go back over midnight, a date comes
     * twice.
     */
    private static Window dates(Period period, ZoneId zone, Instant now) {
        var first = first(period, LocalDate.ofInstant(now, zone));
        while (now.isBefore(start(first, zone))) {
            first = first(period, first.minusDays(1));
        }
        var next = next(period, first);
        while (!now.isBefore(start(next, zone))) {
            first = next;
            next = next(period, first);
        }
        return new Window(start(first, zone), start(next, zone));
    }

    private static Instant start(LocalDate date, ZoneId zone) {
        return date.atStartOfDay(zone).toInstant();
    }

    private static LocalDate first(Period period, LocalDate date) {
        return switch (period.type()) {
            case WEEK ->
                    date.with(TemporalAdjusters.previousOrSame(DayOfWeek.of(period.startDay())));
            case MONTH ->
                    date.getDayOfMonth() >= period.startDay()
                            ? date.withDayOfMonth(period.startDay())
                            : date.minusMonths(1).withDayOfMonth(period.startDay());
            case HOUR, DAY, LIFETIME -> date;
        };
    }

    private static LocalDate next(Period period, LocalDate first) {
        return switch (period.type()) {
            case WEEK -> first.plusWeeks(1);
            case MONTH -> first.plusMonths(1);
            case HOUR, DAY, LIFETIME -> first.plusDays(1);
        };
    }
}
