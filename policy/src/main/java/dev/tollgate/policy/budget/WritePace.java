package dev.tollgate.policy.budget;

/**
 * How many accounts may be written for nobody who waits: refills that come in time, and what is
 * spent. A store that all accounts share is spared so, however many there are; with few accounts
 * nothing ever stands in line. One thread.
 */
public final class WritePace {

    /** How often {@link #turns} is asked. */
    public static final long EVERY_MILLIS = 100;

    /** 15 a second: a fleet's share of 20 leaves some for those who wait, and for statuses. */
    private static final int TENTHS = 15;

    private static final int TENTHS_MAX = 150;

    /** Tenths of turns. */
    private int credit = TENTHS_MAX;

    /** How many may have their turn now. */
    public int turns() {
        credit = Math.min(TENTHS_MAX, credit + TENTHS);
        return credit / 10;
    }

    /** So many had it. */
    public void used(int turns) {
        credit -= 10 * turns;
    }
}
