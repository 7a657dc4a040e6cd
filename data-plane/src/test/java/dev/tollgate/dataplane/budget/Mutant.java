package dev.tollgate.dataplane.budget;

/** A rule broken on purpose: the simulation must notice. */
enum Mutant {
    /** The ledger gives the lease of a silent holder back after a time. */
    REFUND_ON_EXPIRY,
    /** A ledger goes on writing accounts that a later one has written. */
    NO_EPOCH_CHECK,
    /** What a store has forgotten is not asked for. */
    NO_REGRESSION_GUARD,
    /** Lowering a limit refunds what is settled. */
    UNGUARDED_SHRINK,
    /** Money is given back to the ledger before that is in the log. */
    RETURN_BEFORE_LOGGED,
    /** A grant is sent although the store has not stored it. */
    GRANT_BEFORE_ACKNOWLEDGED,
    /** Settled money is told to the ledger rounded down. */
    MONEY_ROUNDED_DOWN,
    /** What a holder has is given back although it is connected. */
    RECLAIM_WHILE_CONNECTED,
    /** A stream goes on with a step before that is in the log. */
    STEP_BEFORE_LOGGED,
    /** The ledger hears of no amount but the first. */
    AMOUNT_KEPT
}
