package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class CounterTest {

    private static final Period HOUR = new Period(Period.Type.HOUR, "UTC", 1);

    /** Each time that it is asked, a minute has passed. */
    private static final class Minutes implements TimeSource {

        private static final Instant START = Instant.parse("2026-11-21T09:59:30Z");
        private long minutes;

        @Override
        public long nanos() {
            return minutes++ * 60_000_000_000L;
        }

        @Override
        public Instant now() {
            return START.plusSeconds(60 * minutes);
        }
    }

    @Test
    void entersTheNextLeaseIfTheOneThatItFoundEndsAtThatMoment() {
        var time = new Minutes();
        var counter = new Counter("team-a/hourly", "", new LastHeard());
        var first = counter.lease(HOUR, 0, time);
        first.end();
        var entered = counter.entered(HOUR, time);
        assertThat(entered).isNotNull();
        assertThat(entered.key)
                .hasToString("team-a/hourly//2026-11-21T10:00:00Z--2026-11-21T11:00:00Z");
        assertThat(entered.idle()).isFalse();
        assertThat(first.idle()).isTrue();
    }

    @Test
    void isEnteredByNobodyOnceItIsForgotten() {
        var time = new Minutes();
        var counter = new Counter("team-a/hourly", "", new LastHeard());
        counter.forget();
        assertThat(counter.entered(HOUR, time)).isNull();
        assertThat(counter.lease(HOUR, 0, time).idle()).isTrue();
        counter.remember();
        assertThat(counter.entered(HOUR, time)).isNotNull();
    }
}
