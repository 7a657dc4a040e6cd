package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class WindowTest {

    private static Window of(Period.Type type, String zone, int startDay, String now) {
        return Window.of(new Period(type, zone, startDay), Instant.parse(now));
    }

    @Provide
    Arbitrary<Period> periods() {
        var zones = Arbitraries.of(ZoneId.getAvailableZoneIds().stream().sorted().toList());
        return Combinators.combine(
                        Arbitraries.of(
                                Period.Type.HOUR,
                                Period.Type.DAY,
                                Period.Type.WEEK,
                                Period.Type.MONTH),
                        zones,
                        Arbitraries.integers().between(1, 28))
                .as(
                        (type, zone, day) ->
                                new Period(
                                        type,
                                        zone,
                                        switch (type) {
                                            case MONTH -> day;
                                            case WEEK -> (day - 1) % 7 + 1;
                                            case HOUR, DAY, LIFETIME -> 1;
                                        }));
    }

    @Provide
    Arbitrary<Instant> instants() {
        return Arbitraries.longs()
                .between(
                        Instant.parse("1995-01-01T00:00:00Z").getEpochSecond(),
                        Instant.parse("2045-01-01T00:00:00Z").getEpochSecond())
                .map(Instant::ofEpochSecond);
    }

    @Property(tries = 3_000)
    void holdsTheInstantAndTouchesItsNeighbours(
            @ForAll("periods") Period period, @ForAll("instants") Instant now) {
        var window = Window.of(period, now);
        var start = Objects.requireNonNull(window.start());
        var end = Objects.requireNonNull(window.end());
        assertThat(now).isAfterOrEqualTo(start).isBefore(end);
        assertThat(Window.of(period, start)).isEqualTo(window);
        assertThat(Window.of(period, end.minusNanos(1))).isEqualTo(window);
        assertThat(Window.of(period, end).start()).isEqualTo(end);
        assertThat(Window.of(period, start.minusNanos(1)).end()).isEqualTo(start);
    }

    /** Also at the very moments when a zone changes its clocks. */
    @Property(tries = 2_000)
    void partitionsTimeAroundChangesOfTheClocks(
            @ForAll("periods") Period period, @ForAll("instants") Instant about) {
        var next = ZoneId.of(period.timeZone()).getRules().nextTransition(about);
        if (next == null) {
            return;
        }
        for (var offset : new long[] {-3600, -1800, -1, 0, 1, 1800, 3600}) {
            holdsTheInstantAndTouchesItsNeighbours(period, next.getInstant().plusSeconds(offset));
        }
    }

    @Test
    void beginsAMonthAtMidnightOfTheZone() {
        assertThat(of(Period.Type.MONTH, "Europe/Berlin", 1, "2026-11-21T09:00:00Z"))
                .isEqualTo(
                        new Window(
                                Instant.parse("2026-10-31T23:00:00Z"),
                                Instant.parse("2026-11-30T23:00:00Z")));
    }

    @Test
    void beginsAMonthOnItsStartDay() {
        assertThat(of(Period.Type.MONTH, "UTC", 15, "2026-03-14T23:59:59Z"))
                .isEqualTo(
                        new Window(
                                Instant.parse("2026-02-15T00:00:00Z"),
                                Instant.parse("2026-03-15T00:00:00Z")));
    }

    @Test
    void beginsAWeekOnItsStartDay() {
        assertThat(of(Period.Type.WEEK, "UTC", 7, "2026-11-21T09:00:00Z").start())
                .isEqualTo(Instant.parse("2026-11-15T00:00:00Z"));
    }

    @Test
    void hasDaysOfTwentyThreeAndTwentyFiveHours() {
        var spring = of(Period.Type.DAY, "Europe/Berlin", 1, "2026-03-29T12:00:00Z");
        var autumn = of(Period.Type.DAY, "Europe/Berlin", 1, "2026-10-25T12:00:00Z");
        assertThat(Duration.between(spring.start(), spring.end())).hasHours(23);
        assertThat(Duration.between(autumn.start(), autumn.end())).hasHours(25);
    }

    @Test
    void givesNoSecondHourWhenClocksGoBack() {
        var before = of(Period.Type.HOUR, "Europe/Berlin", 1, "2026-10-25T00:30:00Z");
        var after = of(Period.Type.HOUR, "Europe/Berlin", 1, "2026-10-25T01:30:00Z");
        assertThat(before.end()).isEqualTo(after.start());
        assertThat(Duration.between(before.start(), after.end())).hasHours(2);
    }

    @Test
    void skipsADayThatAZoneSkipped() {
        var window = of(Period.Type.DAY, "Pacific/Apia", 1, "2011-12-30T12:00:00Z");
        assertThat(window.start()).isEqualTo(Instant.parse("2011-12-30T10:00:00Z"));
    }

    @Test
    void neverEndsALifetime() {
        assertThat(of(Period.Type.LIFETIME, "UTC", 1, "2026-11-21T09:00:00Z"))
                .isEqualTo(Window.LIFETIME);
        assertThat(Window.LIFETIME.remaining(Instant.EPOCH)).isNull();
    }
}
