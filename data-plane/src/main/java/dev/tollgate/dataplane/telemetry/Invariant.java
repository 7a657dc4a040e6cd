package dev.tollgate.dataplane.telemetry;

/** What always holds of money; a violation is a bug of the gateway, and is counted. */
public enum Invariant {
    /** An attempt is settled once. */
    I4,
    /** No byte goes to a provider before the intent of its attempt counts. */
    I6,
    /** Each call that went out is settled, in one usage record. */
    I9,
    /** Nothing is held when nothing runs. */
    I11
}
