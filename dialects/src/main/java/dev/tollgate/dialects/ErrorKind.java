package dev.tollgate.dialects;

/**
 * What went wrong, in the gateway's words; {@code dev.tollgate.dialects.error} gives each its
 * status, type words and shape in every client dialect.
 */
public enum ErrorKind {
    INVALID_REQUEST,
    AUTHENTICATION,
    PERMISSION,
    NOT_FOUND,
    MODEL_NOT_FOUND,
    REQUEST_TOO_LARGE,
    REQUEST_TIMEOUT,
    CONTEXT_LENGTH,
    CONTENT_POLICY,
    RATE_LIMITED,
    BUDGET_EXHAUSTED,
    BUDGET_RESERVED,
    BUDGET_SUSPENDED,
    BUDGET_UNBOUNDABLE,
    BUDGET_LEDGER_UNAVAILABLE,
    USAGE_LOG_UNAVAILABLE,
    OVERLOADED,
    TIMEOUT,
    UPSTREAM,
    NO_TARGET,
    INTERNAL
}
