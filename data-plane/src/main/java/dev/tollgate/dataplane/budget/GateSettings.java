package dev.tollgate.dataplane.budget;

import java.time.Duration;

/**
 * @param proxy name of this process for the ledger: the pod
 * @param sliceAhead a slice is what this long a time burns; longer rides out a longer outage of the
 *     ledger, shorter strands less when a node is lost
 * @param idleReturn unused for this long, a lease's money goes back
 * @param waitAtMost for a lease that is short
 * @param waitersMax of one budget
 * @param reportEvery totals are told to the ledger at most this far apart
 */
public record GateSettings(
        String proxy,
        Duration sliceAhead,
        Duration idleReturn,
        Duration waitAtMost,
        int waitersMax,
        Duration reportEvery) {

    public GateSettings {
        if (sliceAhead.toSeconds() < 10 || sliceAhead.toHours() > 1) {
            throw new IllegalArgumentException(
                    "sliceAhead: " + sliceAhead + " (expected: 10 s to 1 h)");
        }
    }

    /** The defaults: 120 s, 60 s, 1 s, 1,000, 10 s. */
    public static GateSettings of(String proxy) {
        return new GateSettings(
                proxy,
                Duration.ofSeconds(120),
                Duration.ofSeconds(60),
                Duration.ofSeconds(1),
                1_000,
                Duration.ofSeconds(10));
    }
}
