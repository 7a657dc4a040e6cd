package dev.tollgate.policy.budget;

import java.util.List;

/**
 * What a holder says to the ledger: message for message {@code ToLedger} of the push protocol, with
 * the holder that the connection has registered. Amounts are micro-USD.
 */
public sealed interface LedgerCommand {

    HolderId holder();

    /**
     * First on every connection: the holder's leases with their totals, and those of earlier epochs
     * of the same log that the ledger has not yet acknowledged.
     *
     * @param proxy the pod, or the name of the process
     */
    record Register(HolderId holder, String proxy, List<LeaseTotals> leases)
            implements LedgerCommand {
        public Register {
            leases = List.copyOf(leases);
        }
    }

    /**
     * Asks for money. Logged by the holder first; a number that was granted gets the same answer
     * again.
     *
     * @param request number within the lease, from 1
     * @param amountMicros the least that is of use: what those who wait are short of in all, or at
     *     the last try the first of them; 0 for a refill
     * @param wantedMicros what the holder would like, from its burn
     * @param neededMicros what must be left of the Budget for the request that waits first: all
     *     that it holds, not only what it is short of; 0: nothing waits, or it is not told
     * @param direct exactly {@code amountMicros} or nothing
     */
    record Acquire(
            HolderId holder,
            long request,
            AccountKey account,
            long amountMicros,
            long wantedMicros,
            long neededMicros,
            boolean direct)
            implements LedgerCommand {

        /** Of a holder that does not tell what is needed. */
        public Acquire(
                HolderId holder,
                long request,
                AccountKey account,
                long amountMicros,
                long wantedMicros,
                boolean direct) {
            this(holder, request, account, amountMicros, wantedMicros, 0, direct);
        }

        public Acquire {
            if (request < 1 || amountMicros < 0 || wantedMicros < 0 || neededMicros < 0) {
                throw new IllegalArgumentException(
                        account
                                + ": acquire "
                                + request
                                + " of "
                                + amountMicros
                                + "/"
                                + wantedMicros
                                + "/"
                                + neededMicros
                                + " (expected: request >= 1, amounts >= 0)");
            }
        }
    }

    /** Totals so far, of open leases. */
    record Report(HolderId holder, List<LeaseTotals> leases) implements LedgerCommand {
        public Report {
            leases = List.copyOf(leases);
        }
    }

    /** Final totals of a lease. Logged by the holder first. */
    record Close(HolderId holder, LeaseTotals totals) implements LedgerCommand {}
}
