package dev.tollgate.dialects.error;

import dev.tollgate.dialects.ErrorKind;

/**
 * Status and type words of one kind of error in each dialect (protocols.md, 5.2 and 6.3).
 *
 * @param openAiType OpenAI's {@code error.type}
 * @param code OpenAI's {@code error.code}: for the gateway's own refusals, what went wrong exactly
 * @param anthropicType Anthropic's {@code error.type}
 * @param geminiStatus Gemini's {@code error.status}
 * @param retryHelps whether the same request may succeed later without a change
 */
record ErrorWords(
        int status,
        String openAiType,
        String code,
        String anthropicType,
        String geminiStatus,
        boolean retryHelps) {

    private static final String INVALID = "invalid_request_error";

    static ErrorWords of(ErrorKind kind) {
        return switch (kind) {
            case INVALID_REQUEST -> client(400, "invalid_request", INVALID, "INVALID_ARGUMENT");
            case AUTHENTICATION ->
                    client(401, "invalid_api_key", "authentication_error", "UNAUTHENTICATED");
            case PERMISSION ->
                    client(403, "permission_denied", "permission_error", "PERMISSION_DENIED");
            case NOT_FOUND -> client(404, "not_found", "not_found_error", "NOT_FOUND");
            case MODEL_NOT_FOUND -> client(404, "model_not_found", "not_found_error", "NOT_FOUND");
            case REQUEST_TOO_LARGE ->
                    client(413, "request_too_large", "request_too_large", "INVALID_ARGUMENT");
            case REQUEST_TIMEOUT ->
                    new ErrorWords(
                            408,
                            INVALID,
                            "request_timeout",
                            "timeout_error",
                            "DEADLINE_EXCEEDED",
                            true);
            case CONTEXT_LENGTH ->
                    client(400, "context_length_exceeded", INVALID, "INVALID_ARGUMENT");
            case CONTENT_POLICY ->
                    client(400, "content_policy_violation", INVALID, "INVALID_ARGUMENT");
            case RATE_LIMITED -> limited("rate_limit_exceeded");
            case BUDGET_EXHAUSTED ->
                    new ErrorWords(
                            429,
                            "insufficient_quota",
                            "budget_exhausted",
                            "billing_error",
                            "RESOURCE_EXHAUSTED",
                            false);
            case BUDGET_RESERVED -> limited("budget_reserved");
            case BUDGET_SUSPENDED ->
                    client(403, "budget_suspended", "permission_error", "PERMISSION_DENIED");
            case BUDGET_UNBOUNDABLE ->
                    client(400, "budget_unboundable", INVALID, "FAILED_PRECONDITION");
            case BUDGET_LEDGER_UNAVAILABLE -> unavailable("budget_ledger_unavailable");
            case USAGE_LOG_UNAVAILABLE -> unavailable("usage_log_unavailable");
            case OVERLOADED ->
                    new ErrorWords(
                            503,
                            "server_error",
                            "overloaded",
                            "overloaded_error",
                            "UNAVAILABLE",
                            true);
            case TIMEOUT ->
                    new ErrorWords(
                            504,
                            "server_error",
                            "timeout",
                            "timeout_error",
                            "DEADLINE_EXCEEDED",
                            true);
            case UPSTREAM ->
                    new ErrorWords(
                            502,
                            "server_error",
                            "upstream_error",
                            "api_error",
                            "UNAVAILABLE",
                            true);
            case NO_TARGET -> unavailable("no_target");
            case INTERNAL ->
                    new ErrorWords(
                            500, "server_error", "internal_error", "api_error", "INTERNAL", true);
        };
    }

    private static ErrorWords client(int status, String code, String anthropic, String gemini) {
        return new ErrorWords(status, INVALID, code, anthropic, gemini, false);
    }

    private static ErrorWords limited(String code) {
        return new ErrorWords(
                429, "rate_limit_error", code, "rate_limit_error", "RESOURCE_EXHAUSTED", true);
    }

    private static ErrorWords unavailable(String code) {
        return new ErrorWords(503, "server_error", code, "api_error", "UNAVAILABLE", true);
    }
}
