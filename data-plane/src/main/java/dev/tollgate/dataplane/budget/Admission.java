package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.price.Money;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The answer to a {@link Claim}. */
public sealed interface Admission {

    /** Spend up to {@link Reservation#held}, then settle. */
    record Reserved(Reservation reservation) implements Admission {}

    /**
     * Nothing is held in any budget.
     *
     * @param budget {@code namespace/name} of the first that refused
     * @param remaining what of it could have been had; null: not known
     * @param resets end of the window; null: Lifetime, or not a matter of the window
     * @param retryAfter zero: no retry can help before something is changed
     * @param message for the client
     */
    record Refused(
            RefusalKind kind,
            String budget,
            Money limit,
            @Nullable Money remaining,
            @Nullable Instant resets,
            Duration retryAfter,
            String message)
            implements Admission {}

    enum RefusalKind {
        /** 429 {@code budget_exhausted}: nothing can come back in this window. */
        EXHAUSTED,
        /**
         * 429 {@code budget_reserved}: open requests hold the rest, or wait for it; or the request
         * has no time left to wait.
         */
        RESERVED,
        /** 403 {@code budget_suspended}: the Budget says Hold. */
        SUSPENDED,
        /** 403: the Budget was never accepted. */
        BLOCKED,
        /** 503 {@code budget_ledger_unavailable}. */
        LEDGER_UNAVAILABLE,
        /** 503 {@code budget_ledger_frozen}. */
        FROZEN,
        /** 503 {@code usage_log_unavailable}. */
        LOG_UNAVAILABLE,
        /** 429: the bound is more than the Budget allows one request. */
        CEILING;

        /** Whether a smaller claim may be admitted. */
        public boolean isShort() {
            return switch (this) {
                case EXHAUSTED, RESERVED, CEILING -> true;
                case SUSPENDED, BLOCKED, LEDGER_UNAVAILABLE, FROZEN, LOG_UNAVAILABLE -> false;
            };
        }
    }
}
