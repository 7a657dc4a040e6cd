package dev.tollgate.dataplane.exchange;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps retries from multiplying load (api.md, R31): in each second at most a share of the active
 * requests, but never fewer than {@link #AT_LEAST_PER_SECOND}. Shared by all event loops.
 */
public final class RetryBudget {

    static final int PERCENT_OF_ACTIVE = 20;
    static final int AT_LEAST_PER_SECOND = 10;

    private final AtomicInteger active = new AtomicInteger();

    /** Second in the upper half, retries in it in the lower. */
    private final AtomicLong window = new AtomicLong();

    void begin() {
        active.incrementAndGet();
    }

    void end() {
        active.decrementAndGet();
    }

    public int running() {
        return active.get();
    }

    /** Whether a retry would fit now. */
    boolean hasRoom(long nowNanos) {
        return retriesIn(second(nowNanos), window.get()) < allowed();
    }

    /** Counts a retry that is made. */
    void spend(long nowNanos) {
        long second = second(nowNanos);
        window.updateAndGet(w -> w >>> 32 == second ? w + 1 : second << 32 | 1);
    }

    private int allowed() {
        return Math.max(AT_LEAST_PER_SECOND, active.get() * PERCENT_OF_ACTIVE / 100);
    }

    private static long retriesIn(long second, long window) {
        return window >>> 32 == second ? window & 0xffff_ffffL : 0;
    }

    private static long second(long nowNanos) {
        return TimeUnit.NANOSECONDS.toSeconds(nowNanos) & 0xffff_ffffL;
    }
}
