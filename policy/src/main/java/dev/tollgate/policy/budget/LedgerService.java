package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Instant;
import java.util.List;

/**
 * The ledger: takes what holders say, moves the accounts by {@link Ledger}, and answers with what
 * must be sent to whom. It has no thread and no clock; every call may block as long as the store
 * does, and may come from any thread: calls on one account follow one another.
 *
 * <p>Whoever owns it calls {@link #updateBudgets} with each snapshot, {@link #handle} for each
 * message, {@link #disconnected} when a holder's connection ends, and {@link #tick} about once a
 * second; and sends the effects.
 */
public final class LedgerService {

    /**
     * @param epoch fencing number of this leader: higher than that of any earlier one
     */
    public LedgerService(AccountStore store, long epoch) {
        throw new UnsupportedOperationException(store + " " + epoch);
    }

    /** Takes new limits; a lower one recalls idle money. Effects for registered holders. */
    public List<LedgerEffect> updateBudgets(List<BudgetEntry> budgets, Instant now) {
        throw new UnsupportedOperationException(budgets + " " + now);
    }

    public List<LedgerEffect> handle(LedgerCommand command, Instant now) {
        throw new UnsupportedOperationException(command + " " + now);
    }

    /** Time passes: pushes states that changed, ends freezes. */
    public List<LedgerEffect> tick(Instant now) {
        throw new UnsupportedOperationException("" + now);
    }

    /** The holder's connection is gone: it no longer counts as live. Its leases stay charged. */
    public void disconnected(HolderId holder) {
        throw new UnsupportedOperationException("" + holder);
    }

    /** All accounts that are known, as last stored: for status and metrics. */
    public List<Account> accounts() {
        throw new UnsupportedOperationException();
    }
}
