package dev.tollgate.dataplane.budget;

/**
 * What is remembered of the ledger's last no, so that what it refuses again costs no call.
 *
 * @param remainingNanos was left at the ledger: less than that may be asked for
 * @param untilNanos monotonic; {@code Long.MAX_VALUE}: until something changes
 */
record Refusal(Admission.RefusalKind kind, long remainingNanos, long untilNanos) {

    boolean covers(long shortNanos, long nowNanos) {
        return shortNanos > remainingNanos
                && (untilNanos == Long.MAX_VALUE || nowNanos - untilNanos < 0);
    }
}
