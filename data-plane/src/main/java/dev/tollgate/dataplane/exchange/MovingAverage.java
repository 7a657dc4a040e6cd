package dev.tollgate.dataplane.exchange;

import java.util.concurrent.TimeUnit;

/**
 * An average in which a value counts half after ten seconds of other values (api.md, 3.2). Any
 * thread.
 */
final class MovingAverage {

    private static final double HALF_LIFE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** A burst moves it too: a value counts as if at least this long had passed since the last. */
    private static final double LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private boolean known;
    private double average;
    private long lastNanos;

    synchronized void add(long value, long nowNanos) {
        if (known) {
            double passed = Math.max(LEAST_NANOS, nowNanos - lastNanos);
            average += (value - average) * (1 - Math.pow(0.5, passed / HALF_LIFE_NANOS));
        } else {
            known = true;
            average = value;
        }
        lastNanos = nowNanos;
    }

    /** -1 before the first value. */
    synchronized long value() {
        return known ? Math.round(average) : -1;
    }
}
