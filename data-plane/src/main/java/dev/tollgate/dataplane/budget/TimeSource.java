package dev.tollgate.dataplane.budget;

import java.time.Instant;

/** Both clocks: intervals by the monotonic one, calendar windows by the wall clock. */
public interface TimeSource {

    TimeSource SYSTEM =
            new TimeSource() {
                @Override
                public long nanos() {
                    return System.nanoTime();
                }

                @Override
                public Instant now() {
                    return Instant.now();
                }
            };

    /** Monotonic; only differences mean something. */
    long nanos();

    Instant now();
}
