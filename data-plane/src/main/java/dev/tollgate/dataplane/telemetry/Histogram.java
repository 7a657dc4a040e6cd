package dev.tollgate.dataplane.telemetry;

import java.util.concurrent.atomic.LongAdder;

/** Seconds in fixed buckets. Any thread may observe; observing takes no lock. */
final class Histogram {

    /** Upper bounds in seconds: from a proxy's own part to the longest answers. */
    static final double[] BOUNDS = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
        300, 600
    };

    private static final long[] BOUND_NANOS = nanos();

    private final LongAdder[] buckets = new LongAdder[BOUNDS.length + 1];
    private final LongAdder sumNanos = new LongAdder();

    Histogram() {
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new LongAdder();
        }
    }

    void observe(long nanos) {
        int i = 0;
        while (i < BOUND_NANOS.length && nanos > BOUND_NANOS[i]) {
            i++;
        }
        buckets[i].increment();
        sumNanos.add(nanos);
    }

    long count(int bucket) {
        return buckets[bucket].sum();
    }

    long sumNanos() {
        return sumNanos.sum();
    }

    private static long[] nanos() {
        var nanos = new long[BOUNDS.length];
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] = Math.round(BOUNDS[i] * 1e9);
        }
        return nanos;
    }
}
