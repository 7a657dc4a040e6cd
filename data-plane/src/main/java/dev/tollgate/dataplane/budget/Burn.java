package dev.tollgate.dataplane.budget;

/**
 * What is spent in a second, in nano-USD: over some ten seconds, so that a rise is seen at once, or
 * over a minute, so that who asks seldom is not forgotten in between; the greater of both. One
 * thread.
 */
final class Burn {

    private static final int SHORT = 10;
    private static final int LONG = 60;
    private static final long MILLIS_OF_SECOND = 1_000;
    private static final long MOST = Long.MAX_VALUE / 2;

    // of each second's spending a tenth, or a sixtieth, is gone a second later
    private long shortSum;
    private long longSum;

    /** A second has gone by, in which so much was spent. */
    void second(long nanos) {
        shortSum += nanos - Math.ceilDiv(shortSum, SHORT);
        longSum += nanos - Math.ceilDiv(longSum, LONG);
    }

    /** In so many milliseconds, in nano-USD. */
    long in(long millis) {
        var perSecond = Math.max(shortSum / SHORT, longSum / LONG);
        var most = MOST / Math.max(1, millis);
        return Math.min(perSecond, most) * millis / MILLIS_OF_SECOND;
    }
}
