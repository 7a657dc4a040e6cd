package dev.tollgate.policy.budget;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One step of one account: what {@link Ledger} applies. */
sealed interface AccountCommand {

    /**
     * A holder asks for money in the account's window.
     *
     * @param amountMicros of the Budget now, without what resets add
     * @param liveProxies registered and connected, the asking one among them
     */
    record Acquire(LedgerCommand.Acquire said, Window window, long amountMicros, int liveProxies)
            implements AccountCommand {}

    /** A holder tells totals, final ones if they say closed. */
    record Totals(HolderId from, LeaseTotals totals) implements AccountCommand {}

    /**
     * @param amountMicros of the Budget, without what resets add
     */
    record SetLimit(long amountMicros) implements AccountCommand {}

    /**
     * What is spent until now counts no more against the amount.
     *
     * @param at when it was asked for; the same one again changes nothing
     */
    record Reset(Instant at) implements AccountCommand {}

    /** The log that could prove this lease is lost or proves too little. */
    record Suspect(HolderId holder) implements AccountCommand {}

    /**
     * The store has forgotten what a holder can prove: take the greater of both.
     *
     * @param resetAt the last reset that may have counted: it counts for nothing now; null: none
     */
    record Restore(HolderId from, LeaseTotals totals, @Nullable Instant resetAt)
            implements AccountCommand {}

    /** A lease without money, for what its holder has spent above any. */
    record Open(HolderId holder) implements AccountCommand {}

    /** Somebody answers for it that the holder spends nothing of its lease any more. */
    record Reclaim(HolderId holder) implements AccountCommand {}

    /** All proxies of the fleet have told what they hold: the freeze is over. */
    record Thaw() implements AccountCommand {}

    /** The store has forgotten what this ledger once had acknowledged: take the greater of both. */
    record Rebuild(Account remembered) implements AccountCommand {}
}
