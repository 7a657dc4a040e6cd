package dev.tollgate.policy.attempt;

/**
 * The share of a rule's requests that may be hedged, as a credit: each request adds {@code
 * maxPercent} hundredths of a hedge, each hedge takes a whole one. It starts at nothing, so that at
 * no time more than {@code maxPercent} of all requests so far were hedged, and holds {@link #MOST}
 * hedges, so that a long quiet time is not followed by a storm of them.
 */
public final class HedgeShare {

    /** Hedges that can follow one another without a request between them. */
    public static final int MOST = 10;

    private static final long HEDGE = 100;

    private HedgeShare() {}

    /** The credit after one more request. */
    public static long withRequest(long credit, int maxPercent) {
        return Math.min(credit + maxPercent, MOST * HEDGE);
    }

    /** Whether a hedge has room. */
    public static boolean hasRoom(long credit) {
        return credit >= HEDGE;
    }

    /** The credit after a hedge, for which there was room. */
    public static long withHedge(long credit) {
        return credit - HEDGE;
    }

    /** The credit after a hedge that had been taken was not made. */
    public static long withoutHedge(long credit) {
        return Math.min(credit + HEDGE, MOST * HEDGE);
    }
}
