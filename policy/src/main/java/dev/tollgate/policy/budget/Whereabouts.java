package dev.tollgate.policy.budget;

/** Where a holder is, as far as connections to the ledger tell. */
public sealed interface Whereabouts {

    /** Its connection stands. */
    record Connected(String proxy) implements Whereabouts {}

    /** It has registered with this ledger, and its connection has ended. */
    record Away(String proxy) implements Whereabouts {}

    /** A later start of the same log has registered, so its process is over. */
    record Succeeded(long bootEpoch) implements Whereabouts {}

    /** It has not registered since this ledger began. */
    record Unheard() implements Whereabouts {}
}
