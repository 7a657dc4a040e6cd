package dev.tollgate.dataplane.exchange;

import io.vertx.core.Vertx;
import java.util.ArrayList;

/**
 * One timer for all deadlines of an event loop: each running exchange is asked every {@link
 * #PERIOD_MILLIS} whether one of its deadlines has passed. Cheaper than timers of its own for each
 * request, of which nearly all are cancelled. Not thread-safe.
 */
public final class Ticker {

    /** How late a deadline may be noticed. */
    static final long PERIOD_MILLIS = 50;

    private static final long STUCK_NANOS = 5_000_000_000L;

    /** In less than this nobody writes more than {@link Settlement#GUARD_TOKENS}. */
    private static final long STILL_NANOS = 2_000_000_000L;

    /** A loop that turns again has read after this what came while it did not. */
    private static final long CATCH_UP_NANOS = 5_000_000_000L;

    /** Something with deadlines. */
    abstract static class Ticked {
        private int index = -1;

        abstract void tick(long nowNanos);

        /** Whether it may hold money as long as it is here. */
        boolean mayHold() {
            return true;
        }

        /** Its tick threw, which is a bug; it must take itself out. The others go on. */
        abstract void broke(RuntimeException failure);
    }

    private final ArrayList<Ticked> running = new ArrayList<>();
    private final Vertx vertx;
    private final long timer;

    /** Of those that run, how many may hold money. Written by the loop alone. */
    private volatile int holders;

    private volatile long lastTickNanos = System.nanoTime();
    private long caughtUpNanos = lastTickNanos;

    public Ticker(Vertx vertx) {
        this.vertx = vertx;
        this.timer = vertx.setPeriodic(PERIOD_MILLIS, id -> tick());
    }

    void add(Ticked ticked) {
        ticked.index = running.size();
        running.add(ticked);
        holders(ticked, 1);
    }

    void remove(Ticked ticked) {
        int index = ticked.index;
        if (index < 0) {
            return;
        }
        ticked.index = -1;
        holders(ticked, -1);
        var last = running.removeLast();
        if (index < running.size()) {
            running.set(index, last);
            last.index = index;
        }
    }

    private void holders(Ticked ticked, int more) {
        if (ticked.mayHold()) {
            int now = holders;
            holders = now + more;
        }
    }

    /** Whether something runs that may hold money. Any thread. */
    public boolean mayHold() {
        return holders > 0;
    }

    /** Whether the event loop still turns. Any thread. */
    public boolean ticking() {
        return System.nanoTime() - lastTickNanos < STUCK_NANOS;
    }

    /**
     * Whether the loop stood still, as after a SIGSTOP, so that something may be unread of all that
     * it reads. Its own thread.
     */
    boolean stoodStill() {
        long now = System.nanoTime();
        return now - lastTickNanos > STILL_NANOS || now - caughtUpNanos < 0;
    }

    public void close() {
        vertx.cancelTimer(timer);
    }

    private void tick() {
        long now = System.nanoTime();
        if (now - lastTickNanos > STILL_NANOS) {
            caughtUpNanos = now + CATCH_UP_NANOS;
        }
        lastTickNanos = now;
        for (int i = running.size() - 1; i >= 0; i--) {
            if (i < running.size()) {
                var ticked = running.get(i);
                try {
                    ticked.tick(now);
                } catch (RuntimeException e) {
                    ticked.broke(e);
                }
            }
        }
    }
}
