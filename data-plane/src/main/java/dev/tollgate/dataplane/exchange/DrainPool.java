package dev.tollgate.dataplane.exchange;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many upstream calls may be read to their end with nobody listening, because their provider
 * bills on and the end tells the exact cost (budgets.md, section 8). Beyond that the hold is
 * charged.
 */
public final class DrainPool {

    static final int SIZE = 256;

    private final AtomicInteger used = new AtomicInteger();

    boolean enter() {
        if (used.incrementAndGet() <= SIZE) {
            return true;
        }
        used.decrementAndGet();
        return false;
    }

    void leave() {
        used.decrementAndGet();
    }

    public int used() {
        return used.get();
    }
}
