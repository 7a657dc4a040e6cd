package dev.tollgate.policy.budget;

/**
 * What a holder says of one of its leases. Cumulative, so that loss, doubling and reordering do no
 * harm: the ledger keeps the maximum of each. All amounts are micro-USD.
 *
 * @param bootEpoch the epoch of the holder's log that the lease belongs to; an earlier one after a
 *     restart
 * @param amountMicros sum of all grants that the holder has logged
 * @param settledMicros charged within the lease, rounded up once for the lease
 * @param returnedMicros given back
 * @param overrunMicros charged above holds
 * @param openMicros held by open reservations: for display only
 * @param seq highest {@code seq} of the account that the holder has seen
 * @param closed final totals, proven by the log: nothing is spent from this lease afterwards
 */
public record LeaseTotals(
        AccountKey account,
        long bootEpoch,
        long amountMicros,
        long settledMicros,
        long returnedMicros,
        long overrunMicros,
        long openMicros,
        long seq,
        boolean closed) {

    /**
     * Nothing is spent from the lease any more, and its log has no more to say of it: these are its
     * final totals, or what a later start has found, which proves nothing of the rest.
     */
    boolean isLastWord(HolderId from) {
        return closed || bootEpoch < from.bootEpoch();
    }

    public LeaseTotals {
        if (settledMicros < 0 || returnedMicros < 0 || overrunMicros < 0 || openMicros < 0) {
            throw new IllegalArgumentException(
                    account + ": totals below zero (expected: >= 0 each)");
        }
        if (settledMicros > amountMicros - returnedMicros) {
            throw new IllegalArgumentException(
                    account
                            + ": settled "
                            + settledMicros
                            + " and returned "
                            + returnedMicros
                            + " of "
                            + amountMicros
                            + " (expected: no more than the lease)");
        }
    }
}
