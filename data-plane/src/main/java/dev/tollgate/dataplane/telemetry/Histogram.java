package dev.tollgate.dataplane.telemetry;

import java.util.concurrent.atomic.LongAdder;

/** Seconds, or tokens, in fixed buckets. Any thread may observe; observing takes no lock. */
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

    /** The convention's own for operations of a model's client (protocols.md, 10.3). */
    private static final double[] OPERATION_BOUNDS = {
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
    };

    /** The convention's own for tokens. */
    private static final double[] TOKEN_BOUNDS = {
        1,
        4,
        16,
        64,
        256,
        1_024,
        4_096,
        16_384,
        65_536,
        262_144,
        1_048_576,
        4_194_304,
        16_777_216,
        67_108_864
    };

    private static final long NANOS = 1_000_000_000;

    private static final long[] BOUND_NANOS = whole(BOUNDS, NANOS);
    private static final long[] SHORT_BOUND_NANOS = whole(SHORT_BOUNDS, NANOS);
    private static final long[] OPERATION_BOUND_NANOS = whole(OPERATION_BOUNDS, NANOS);
    private static final long[] TOKEN_BOUND_COUNTS = whole(TOKEN_BOUNDS, 1);

    final double[] bounds;
    private final long[] wholeBounds;
    private final long perUnit;
    private final LongAdder[] buckets;
    private final LongAdder sum = new LongAdder();

    Histogram() {
        this(BOUNDS, BOUND_NANOS, NANOS);
    }

    /** For what takes microseconds. */
    static Histogram ofShort() {
        return new Histogram(SHORT_BOUNDS, SHORT_BOUND_NANOS, NANOS);
    }

    /** For operations of a model's client. */
    static Histogram ofOperations() {
        return new Histogram(OPERATION_BOUNDS, OPERATION_BOUND_NANOS, NANOS);
    }

    /** For numbers of tokens. */
    static Histogram ofTokens() {
        return new Histogram(TOKEN_BOUNDS, TOKEN_BOUND_COUNTS, 1);
    }

    private Histogram(double[] bounds, long[] wholeBounds, long perUnit) {
        this.bounds = bounds;
        this.wholeBounds = wholeBounds;
        this.perUnit = perUnit;
        this.buckets = new LongAdder[bounds.length + 1];
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new LongAdder();
        }
    }

    /**
     * @param value nanoseconds, or tokens
     */
    void observe(long value) {
        int i = 0;
        while (i < wholeBounds.length && value > wholeBounds[i]) {
            i++;
        }
        buckets[i].increment();
        sum.add(value);
    }

    long count(int bucket) {
        return buckets[bucket].sum();
    }

    /** In seconds, or tokens. */
    double sum() {
        return (double) sum.sum() / perUnit;
    }

    private static long[] whole(double[] bounds, long perUnit) {
        var whole = new long[bounds.length];
        for (int i = 0; i < whole.length; i++) {
            whole[i] = Math.round(bounds[i] * perUnit);
        }
        return whole;
    }
}
