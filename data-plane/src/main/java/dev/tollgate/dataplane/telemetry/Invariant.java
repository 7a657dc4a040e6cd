package dev.tollgate.dataplane.telemetry;

/** What always holds of money; a violation is a bug of the gateway, and is counted. */
public enum Invariant {
    /** An attempt is settled once. */
    I4,
    /** No byte goes to a provider before the intent of its attempt counts. */
    I6,
    /**
     * What a provider's final figures come to is charged, and nothing above a hold but by its word.
     */
    I8,
    /** Each call that went out is settled, in one usage record. */
    I9,
    /** Nothing is held when nothing runs. */
    I11,
    /** What the ledger is told, and what it counts, is what the log's settlements come to. */
    I12
}
