package dev.tollgate.policy.budget;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the ledger says to a holder: message for message {@code FromLedger} of the push protocol.
 * Whoever calls the ledger sends each effect to the connection of {@link #to}, in order; one for a
 * holder that is not connected is dropped, which does no harm. Amounts are micro-USD; times are
 * intervals, so that clocks need not agree. A null interval is that of a Lifetime window.
 */
public sealed interface LedgerEffect {

    HolderId to();

    /**
     * The answer to Register. Accepted: every total in it is stored. Not accepted: the reason says
     * whether trying again can help.
     */
    record Registered(HolderId to, boolean accepted, String reason) implements LedgerEffect {}

    /**
     * Money. The store has acknowledged it; the holder logs it before the first use.
     *
     * @param request the Acquire that it answers
     * @param amountMicros the lease's new cumulative amount
     * @param windowRemaining time to the window's end
     * @param direct exactly what was asked for: what a settlement frees is returned at once
     */
    record Grant(
            HolderId to,
            long request,
            AccountKey account,
            long amountMicros,
            long seq,
            long epoch,
            @Nullable Duration windowRemaining,
            boolean direct)
            implements LedgerEffect {}

    /**
     * No money.
     *
     * @param retryAfter EXHAUSTED: time to the window's end (null: never by itself). RESERVED: how
     *     long idle money that was recalled may take to come back, zero if there is none. Else when
     *     to ask again
     */
    record Denied(
            HolderId to,
            long request,
            AccountKey account,
            DeniedReason reason,
            @Nullable Duration retryAfter,
            long remainingMicros)
            implements LedgerEffect {

        static Denied of(
                LedgerCommand.Acquire said,
                DeniedReason reason,
                @Nullable Duration retryAfter,
                long remainingMicros) {
            return new Denied(
                    said.holder(),
                    said.request(),
                    said.account(),
                    reason,
                    retryAfter,
                    remainingMicros);
        }
    }

    /** Return within 500 ms what no reservation holds. */
    record Recall(HolderId to, AccountKey account) implements LedgerEffect {}

    /**
     * How the account stands: every account of a current window after Registered, and each that
     * changes, to every holder. Also names the current window to a holder that asked for another.
     *
     * @param limitMicros the Budget's amount
     * @param settledMicros settled and overrun, since the last reset
     * @param elsewhereMicros of these, what is not of the holder's own lease: what it has spent
     *     itself it knows better, and a report of it may be on its way. Negative after a reset of
     *     what the holder itself had spent
     * @param freeAgain money came back since a refusal
     */
    record State(
            HolderId to,
            AccountKey account,
            long limitMicros,
            long settledMicros,
            long outstandingMicros,
            @Nullable Duration windowRemaining,
            boolean freeAgain,
            long elsewhereMicros)
            implements LedgerEffect {}

    /**
     * No grants while frozen; held slices are still spent.
     *
     * @param account null: all
     */
    record Freeze(HolderId to, @Nullable AccountKey account, boolean frozen)
            implements LedgerEffect {}

    /**
     * The answer to Close, and to what a later start tells of the lease: it is stored, so the
     * holder may forget the lease. If its log could prove nothing it stays charged all the same.
     */
    record Closed(HolderId to, AccountKey account, long bootEpoch) implements LedgerEffect {}
}
