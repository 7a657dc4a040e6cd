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
    private static final double TURNS = 1.5;

    private static final double TURNS_MAX = 15;

    private double credit = TURNS_MAX;

    /** How many may have their turn now. */
    public int turns() {
        credit = Math.min(TURNS_MAX, credit + TURNS);
        return (int) credit;
    }

    /** So many had it. */
    public void used(int turns) {
        credit -= turns;
    }
}
