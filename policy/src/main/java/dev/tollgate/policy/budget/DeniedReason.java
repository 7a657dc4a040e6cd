package dev.tollgate.policy.budget;

/** Why the ledger gives no money; names and meaning as in the push protocol. */
public enum DeniedReason {
    /** Nothing can come back before the window ends or the limit changes. */
    EXHAUSTED,
    /** Leases of others hold the rest; some of it may come back. */
    RESERVED,
    /**
     * No such Budget, a window that is not the current one, or a holder that has not registered.
     */
    UNKNOWN_ACCOUNT,
    /** The store did not answer. */
    UNAVAILABLE,
    /** The store has forgotten something; no grants until it is rebuilt. */
    FROZEN,
    /** The account has no room for another lease. */
    LEDGER_FULL
}
