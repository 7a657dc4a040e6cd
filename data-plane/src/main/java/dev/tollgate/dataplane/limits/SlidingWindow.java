package dev.tollgate.dataplane.limits;

/** A count over the last 60 s, in buckets of one second. Not safe for several threads. */
final class SlidingWindow {

    static final int SECONDS = 60;

    private final long[] buckets = new long[SECONDS];
    private long newest;
    private long sum;

    void add(long second, long count) {
        advance(second);
        buckets[(int) (newest % SECONDS)] += count;
        sum += count;
    }

    long sum(long second) {
        advance(second);
        return sum;
    }

    /** Seconds until old counts have left room for {@code count}: 0..60. */
    long secondsUntil(long second, long limit, long count) {
        advance(second);
        long left = sum + count - limit;
        int passed = 0;
        while (left > 0 && passed < SECONDS) {
            passed++;
            left -= buckets[(int) ((newest + passed) % SECONDS)];
        }
        return passed;
    }

    /** A clock that goes back counts in the newest bucket. */
    private void advance(long second) {
        long steps = Math.min(second - newest, SECONDS);
        for (long i = 1; i <= steps; i++) {
            int at = (int) ((second - steps + i) % SECONDS);
            sum -= buckets[at];
            buckets[at] = 0;
        }
        newest = Math.max(newest, second);
    }
}
