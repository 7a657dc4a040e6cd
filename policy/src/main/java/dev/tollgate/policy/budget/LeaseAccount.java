package dev.tollgate.policy.budget;

/**
 * The ledger's side of one lease, in micro-USD. Each amount only grows.
 *
 * @param lastAcquire number of the holder's last granted Acquire
 * @param reclaimedMicros of a reclaimed lease: what of the returned was given back by decision, and
 *     not by its holder
 */
public record LeaseAccount(
        HolderId holder,
        long amountMicros,
        long settledMicros,
        long returnedMicros,
        long overrunMicros,
        long lastAcquire,
        State state,
        long reclaimedMicros) {

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
                || reclaimedMicros < 0
                || reclaimedMicros > returnedMicros
                || settledMicros > amountMicros - returnedMicros) {
            throw new IllegalStateException(
                    "I2: lease of "
                            + holder
                            + " settled "
                            + settledMicros
                            + " returned "
                            + returnedMicros
                            + " (reclaimed "
                            + reclaimedMicros
                            + ") of "
                            + amountMicros
                            + " (expected: settled + returned <= amount, reclaimed <= returned)");
        }
    }

    /** One of which it is not known how much of a reclaimed lease was given back by decision. */
    public LeaseAccount(
            HolderId holder,
            long amountMicros,
            long settledMicros,
            long returnedMicros,
            long overrunMicros,
            long lastAcquire,
            State state) {
        this(
                holder,
                amountMicros,
                settledMicros,
                returnedMicros,
                overrunMicros,
                lastAcquire,
                state,
                state == State.RECLAIMED ? returnedMicros : 0);
    }

    /** One without money. */
    static LeaseAccount opened(HolderId holder) {
        return new LeaseAccount(holder, 0, 0, 0, 0, 0, State.OPEN);
    }

    LeaseAccount granted(long sliceMicros, long request) {
        return new LeaseAccount(
                holder,
                Math.addExact(amountMicros, sliceMicros),
                settledMicros,
                returnedMicros,
                overrunMicros,
                request,
                state);
    }

    LeaseAccount suspect() {
        return new LeaseAccount(
                holder,
                amountMicros,
                settledMicros,
                returnedMicros,
                overrunMicros,
                lastAcquire,
                State.SUSPECT);
    }

    LeaseAccount reclaimed() {
        return new LeaseAccount(
                holder,
                amountMicros,
                settledMicros,
                amountMicros - settledMicros,
                overrunMicros,
                lastAcquire,
                State.RECLAIMED,
                outstandingMicros());
    }

    /**
     * The greater of each. A log that has lost its tail charges holds whose settlement it lost;
     * what was returned since, it cannot have spent. Where that is told after the log was
     * recovered, what was charged stays so. What a reclaimed lease has settled beyond what was
     * known is overrun: its money is somebody else's by now. A log that has lost its tail cannot
     * have spent more of it than was given back by decision.
     *
     * @param from who tells: a later start of the log tells what it has recovered
     * @param amount that counts now, at least the present one
     */
    LeaseAccount told(HolderId from, LeaseTotals totals, long amount) {
        if (state == State.RECLAIMED) {
            var unproven = reclaimedMicros + amount - amountMicros;
            var late = Math.max(0, totals.settledMicros() - settledMicros);
            var spent = totals.bootEpoch() < from.bootEpoch() ? Math.min(late, unproven) : late;
            return new LeaseAccount(
                    holder,
                    amount,
                    settledMicros,
                    amount - settledMicros,
                    Math.max(overrunMicros, Math.addExact(totals.overrunMicros(), spent)),
                    lastAcquire,
                    state,
                    unproven);
        }
        var returned = Math.max(returnedMicros, totals.returnedMicros());
        if (settledMicros > totals.settledMicros()) {
            returned = Math.min(returned, amount - settledMicros); // told before it was recovered
        }
        var recovered = totals.bootEpoch() < from.bootEpoch();
        var settled =
                recovered
                        ? Math.min(totals.settledMicros(), amount - returned)
                        : totals.settledMicros();
        return new LeaseAccount(
                holder,
                amount,
                Math.max(settledMicros, settled),
                returned,
                Math.max(overrunMicros, totals.overrunMicros()),
                lastAcquire,
                state);
    }

    /** The greater of each, of what the store has and of what this ledger remembers. */
    LeaseAccount greater(LeaseAccount remembered) {
        var amount = Math.max(amountMicros, remembered.amountMicros);
        boolean reclaimed = state == State.RECLAIMED || remembered.state == State.RECLAIMED;
        var settled = Math.max(settledMicros, remembered.settledMicros);
        var proven = Math.max(provenMicros(), remembered.provenMicros());
        var rest = amount - settled;
        return new LeaseAccount(
                holder,
                amount,
                settled,
                reclaimed ? rest : proven,
                Math.max(overrunMicros, remembered.overrunMicros),
                Math.max(lastAcquire, remembered.lastAcquire),
                reclaimed ? State.RECLAIMED : state,
                reclaimed ? rest - Math.min(rest, proven) : 0);
    }

    /** What its holder has given back. */
    private long provenMicros() {
        return returnedMicros - reclaimedMicros;
    }

    /** What the holder may still spend or is holding. */
    public long outstandingMicros() {
        return amountMicros - settledMicros - returnedMicros;
    }
}
