package dev.tollgate.policy.budget;

/** One step of one account: what {@link Ledger} applies. */
sealed interface AccountCommand {

    /**
     * A holder asks for money in the account's window.
     *
     * @param limitMicros in force now
     * @param liveProxies registered and connected, the asking one among them
     */
    record Acquire(LedgerCommand.Acquire said, Window window, long limitMicros, int liveProxies)
            implements AccountCommand {}

    /** A holder tells totals, final ones if they say closed. */
    record Totals(HolderId from, LeaseTotals totals) implements AccountCommand {}

    record SetLimit(long limitMicros) implements AccountCommand {}

    /** The log that could prove this lease is lost or proves too little. */
    record Suspect(HolderId holder) implements AccountCommand {}

    /** The store has forgotten what a holder can prove: take the greater of both. */
    record Restore(HolderId from, LeaseTotals totals) implements AccountCommand {}

    /** The store has forgotten what this ledger once had acknowledged: take the greater of both. */
    record Rebuild(Account remembered) implements AccountCommand {}
}
