package dev.tollgate.dataplane.exchange;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Whether the proxy is on its way down, and how many clients are connected. Shared by all loops.
 */
public final class Lifecycle {

    private final AtomicInteger connections = new AtomicInteger();
    private volatile boolean closing;
    private volatile boolean refusing;

    /** Not ready any more, still accepting. */
    public void close() {
        closing = true;
    }

    /** From now on each answer closes its connection. */
    public void refuse() {
        refusing = true;
    }

    public boolean closing() {
        return closing;
    }

    boolean refusing() {
        return refusing;
    }

    /** Counts a connection in; false if there are too many. */
    boolean connected(int most) {
        return connections.incrementAndGet() <= most;
    }

    void disconnected() {
        connections.decrementAndGet();
    }

    public int connections() {
        return connections.get();
    }
}
