package dev.tollgate.policy.canary;

import java.util.Map;
import java.util.TreeMap;

/**
 * Latencies in buckets: eight to each doubling, from 1 us to half an hour, so that a bucket is at
 * most an eighth wide. A percentile is read within its bucket as if it were evenly filled.
 */
public final class Latency {

    private static final int BITS = 3;
    private static final int PER_DOUBLING = 1 << BITS;
    private static final int DOUBLINGS = 31;
    private static final long LONGEST_MICROS = (1L << DOUBLINGS) - 1;

    /** Number of buckets. */
    public static final int BUCKETS = (DOUBLINGS - BITS + 1) * PER_DOUBLING;

    private static final long P95 = 95;
    private static final long HUNDRED = 100;

    private Latency() {}

    /** The bucket of a latency; what is beyond the last counts there. */
    public static int bucket(long micros) {
        long within = Math.clamp(micros, 0, LONGEST_MICROS);
        if (within < PER_DOUBLING) {
            return (int) within;
        }
        int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(within);
        int shift = exponent - BITS;
        return (shift + 1) * PER_DOUBLING + (int) (within >> shift) - PER_DOUBLING;
    }

    /** The lowest latency of a bucket, in microseconds. */
    static long from(int bucket) {
        if (bucket < PER_DOUBLING) {
            return bucket;
        }
        int shift = bucket / PER_DOUBLING - 1;
        return (long) (PER_DOUBLING + bucket % PER_DOUBLING) << shift;
    }

    /** The 95th percentile in microseconds; -1: there is none. */
    static long p95Micros(Map<Integer, Long> counts) {
        long all = counts.values().stream().mapToLong(Long::longValue).sum();
        if (all == 0) {
            return -1;
        }
        long rank = (all * P95 + HUNDRED - 1) / HUNDRED;
        long below = 0;
        for (var entry : new TreeMap<>(counts).entrySet()) {
            long count = entry.getValue();
            if (below + count >= rank) {
                long from = from(entry.getKey());
                long width = from(entry.getKey() + 1) - from;
                return from + width * (rank - below) / count;
            }
            below += count;
        }
        throw new IllegalStateException("rank " + rank + " of " + all + " (expected: within)");
    }
}
