package dev.tollgate.policy.attempt;

import dev.tollgate.policy.route.Candidate;
import java.time.Duration;

/** What follows a finished attempt. */
public sealed interface Decision {

    /** Try this target after the delay, which is zero unless it is the same one again. */
    record Retry(Candidate candidate, Duration delay) implements Decision {}

    /** The answer was not good enough: ask this target at once. No retry. */
    record StepUp(Candidate candidate) implements Decision {}

    /** Tell the client. */
    record GiveUp(Reason reason) implements Decision {}

    /** Why no further try follows. */
    enum Reason {
        /** The attempt succeeded. */
        DONE,
        /** The rule does not retry this, or nobody should. */
        NOT_RETRYABLE,
        /** {@code maxAttempts} were made. */
        ATTEMPTS_SPENT,
        /** The next try would not fit before the deadline. */
        DEADLINE,
        /** The last target asked to wait longer than {@code maxRetryAfter}. */
        RETRY_AFTER_TOO_LONG,
        /** A cascade has asked as many targets as it may. */
        STEPS_SPENT,
        /** The proxy makes too many retries already. */
        RETRY_BUDGET_SPENT,
        /** No other target is left, and the last one must not be tried again. */
        NO_TARGET_LEFT
    }
}
