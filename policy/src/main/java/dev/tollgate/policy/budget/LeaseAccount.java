package dev.tollgate.policy.budget;

/**
 * The ledger's side of one lease, in micro-USD. Each amount only grows.
 *
 * @param lastAcquire number of the holder's last granted Acquire
 */
public record LeaseAccount(
        HolderId holder,
        long amountMicros,
        long settledMicros,
        long returnedMicros,
        long overrunMicros,
        long lastAcquire,
        State state) {

    public enum State {
        OPEN,
        /** Its holder's log is lost or proves too little: it stays charged. */
        SUSPECT,
        /**
         * Given back for a holder that is lost: nothing of it is outstanding, and it never gets
         * money again. It is kept so that its holder, should it come back, is known; whatever that
         * has settled since is overrun.
         */
        RECLAIMED
    }

    public LeaseAccount {
        if (settledMicros < 0
                || returnedMicros < 0
                || overrunMicros < 0
                || settledMicros > amountMicros - returnedMicros) {
            throw new IllegalStateException(
                    "I2: lease of "
                            + holder
                            + " settled "
                            + settledMicros
                            + " returned "
                            + returnedMicros
                            + " of "
                            + amountMicros
                            + " (expected: settled + returned <= amount)");
        }
    }

    /** What the holder may still spend or is holding. */
    public long outstandingMicros() {
        return amountMicros - settledMicros - returnedMicros;
    }
}
