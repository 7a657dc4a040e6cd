package dev.tollgate.dialects.responses;

import dev.tollgate.dialects.ErrorKind;

/** What a failed response calls its error, in the words that the official types know. */
final class FailureCode {
    private FailureCode() {}

    static String of(ErrorKind kind) {
        return switch (kind) {
            case RATE_LIMITED, BUDGET_EXHAUSTED, BUDGET_RESERVED, BUDGET_SUSPENDED ->
                    "rate_limit_exceeded";
            case INVALID_REQUEST,
                    CONTEXT_LENGTH,
                    CONTENT_POLICY,
                    REQUEST_TOO_LARGE,
                    REQUEST_TIMEOUT,
                    BUDGET_UNBOUNDABLE ->
                    "invalid_prompt";
            case AUTHENTICATION,
                    PERMISSION,
                    NOT_FOUND,
                    MODEL_NOT_FOUND,
                    BUDGET_LEDGER_UNAVAILABLE,
                    USAGE_LOG_UNAVAILABLE,
                    OVERLOADED,
                    TIMEOUT,
                    UPSTREAM,
                    NO_TARGET,
                    INTERNAL ->
                    "server_error";
        };
    }
}
