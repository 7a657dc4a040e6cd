package dev.tollgate.dataplane.telemetry;

import java.util.concurrent.atomic.LongAdder;

/** Seconds in fixed buckets. Any thread may observe; observing takes no lock. */
final class Histogram {

    /** Upper bounds in seconds: from a proxy's own part to the longest answers. */
    private static final double[] BOUNDS = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
        300, 600
    };

    /** The same for what takes microseconds. */
    private static final double[] SHORT_BOUNDS = {
        0.000_001, 0.000_002, 0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5,
        0.001, 0.01, 0.1, 1
    };

    private static final long[] BOUND_NANOS = nanos(BOUNDS);
    private static final long[] SHORT_BOUND_NANOS = nanos(SHORT_BOUNDS);

    final double[] bounds;
    private final long[] boundNanos;
    private final LongAdder[] buckets;
    private final LongAdder sumNanos = new LongAdder();

    Histogram() {
        this(BOUNDS, BOUND_NANOS);
    }

    /** For what takes microseconds. */
    static Histogram ofShort() {
        return new Histogram(SHORT_BOUNDS, SHORT_BOUND_NANOS);
    }

    private Histogram(double[] bounds, long[] boundNanos) {
        this.bounds = bounds;
        this.boundNanos = boundNanos;
        this.buckets = new LongAdder[bounds.length + 1];
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new LongAdder();
        }
    }

    void observe(long nanos) {
        int i = 0;
        while (i < boundNanos.length && nanos > boundNanos[i]) {
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

    private static long[] nanos(double[] bounds) {
        var nanos = new long[bounds.length];
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] = Math.round(bounds[i] * 1e9);
        }
        return nanos;
    }
}
