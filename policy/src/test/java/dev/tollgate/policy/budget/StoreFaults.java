package dev.tollgate.policy.budget;

/**
 * What can happen to a store, or between it and a ledger; each store's test does it to the real
 * one. Nothing happens until a method is called.
 */
public interface StoreFaults {

    /** The next write is made, and its writer is not told. */
    void loseNextAnswer();

    /** The next write is lost on its way, and its writer is not told. */
    void loseNextWrite();

    /** The next write arrives twice. */
    void doubleNextWrite();

    /** Nothing is answered, until {@link #resume}. What was asked may be done then. */
    void stall();

    /** A writer waits whom nothing but {@link #resume} will answer. */
    boolean keepsAWriterWaiting();

    void resume();

    /** Remembers what is stored, for {@link #regress}. */
    void backUp() throws Exception;

    /** What was written since {@link #backUp} is forgotten. May end all connections. */
    void regress() throws Exception;

    /** Somebody writes over the account where it lies, so that it is none. */
    void spoil(AccountKey key) throws Exception;

    /** Somebody puts back what {@link #spoil} has overwritten, maybe with a higher seq. */
    void mend(AccountKey key) throws Exception;
}
