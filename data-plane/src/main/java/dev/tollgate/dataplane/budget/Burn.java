package dev.tollgate.dataplane.budget;

/**
 * What is spent in a second, in nano-USD: over some ten seconds, so that a rise is seen at once, or
 * over a minute, so that who asks seldom is not forgotten in between; the greater of both. One
 * thread.
 */
final class Burn {

    private static final int SHORT = 10;
    private static final int LONG = 60;

    private double ofSeconds;
    private double ofMinute;

    /** A second has gone by, in which so much was spent. */
    void second(long nanos) {
        ofSeconds += (nanos - ofSeconds) / SHORT;
        ofMinute += (nanos - ofMinute) / LONG;
    }

    /** For so many seconds, in nano-USD. */
    long of(double seconds) {
        return (long) (Math.max(ofSeconds, ofMinute) * seconds);
    }
}
