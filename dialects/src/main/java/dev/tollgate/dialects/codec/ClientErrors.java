package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.ErrorKind;

/** The error objects that end a failed stream, in each client dialect. */
public final class ClientErrors {
    private ClientErrors() {}

    /** {@code {error: {message, type, param, code}}}. */
    public static ObjectNode openAi(ErrorKind kind, String message) {
        var body = Json.object();
        var error = body.putObject("error");
        error.put("message", message);
        error.put("type", openAiType(kind));
        error.putNull("param");
        error.put("code", openAiCode(kind));
        return body;
    }

    /** {@code {type: error, error: {type, message}}}. */
    public static ObjectNode anthropic(ErrorKind kind, String message) {
        var body = Json.object().put("type", "error");
        body.putObject("error").put("type", anthropicType(kind)).put("message", message);
        body.putNull("request_id");
        return body;
    }

    /** {@code {error: {code, message, status}}}. */
    public static ObjectNode gemini(ErrorKind kind, String message) {
        var body = Json.object();
        body.putObject("error")
                .put("code", geminiCode(kind))
                .put("message", message)
                .put("status", geminiStatus(kind));
        return body;
    }

    private static String openAiType(ErrorKind kind) {
        return switch (kind) {
            case INVALID_REQUEST,
                    NOT_FOUND,
                    MODEL_NOT_FOUND,
                    REQUEST_TOO_LARGE,
                    CONTEXT_LENGTH,
                    CONTENT_POLICY,
                    BUDGET_UNBOUNDABLE,
                    AUTHENTICATION,
                    PERMISSION ->
                    "invalid_request_error";
            case RATE_LIMITED -> "rate_limit_error";
            case BUDGET_EXHAUSTED, BUDGET_RESERVED, BUDGET_SUSPENDED -> "insufficient_quota";
            case BUDGET_LEDGER_UNAVAILABLE,
                    USAGE_LOG_UNAVAILABLE,
                    OVERLOADED,
                    TIMEOUT,
                    UPSTREAM,
                    NO_TARGET,
                    INTERNAL ->
                    "server_error";
        };
    }

    /** The word that Responses and chat put in {@code code}. */
    public static String openAiCode(ErrorKind kind) {
        return switch (kind) {
            case RATE_LIMITED -> "rate_limit_exceeded";
            case CONTEXT_LENGTH -> "context_length_exceeded";
            case INVALID_REQUEST -> "invalid_prompt";
            default -> "server_error";
        };
    }

    private static String anthropicType(ErrorKind kind) {
        return switch (kind) {
            case INVALID_REQUEST, CONTEXT_LENGTH, CONTENT_POLICY, BUDGET_UNBOUNDABLE ->
                    "invalid_request_error";
            case AUTHENTICATION -> "authentication_error";
            case PERMISSION -> "permission_error";
            case NOT_FOUND, MODEL_NOT_FOUND -> "not_found_error";
            case REQUEST_TOO_LARGE -> "request_too_large";
            case RATE_LIMITED, BUDGET_EXHAUSTED, BUDGET_RESERVED, BUDGET_SUSPENDED ->
                    "rate_limit_error";
            case TIMEOUT -> "timeout_error";
            case OVERLOADED -> "overloaded_error";
            case BUDGET_LEDGER_UNAVAILABLE, USAGE_LOG_UNAVAILABLE, UPSTREAM, NO_TARGET, INTERNAL ->
                    "api_error";
        };
    }

    private static int geminiCode(ErrorKind kind) {
        return switch (geminiStatus(kind)) {
            case "INVALID_ARGUMENT" -> 400;
            case "UNAUTHENTICATED" -> 401;
            case "PERMISSION_DENIED" -> 403;
            case "NOT_FOUND" -> 404;
            case "RESOURCE_EXHAUSTED" -> 429;
            case "UNAVAILABLE" -> 503;
            case "DEADLINE_EXCEEDED" -> 504;
            default -> 500;
        };
    }

    private static String geminiStatus(ErrorKind kind) {
        return switch (kind) {
            case INVALID_REQUEST,
                    REQUEST_TOO_LARGE,
                    CONTEXT_LENGTH,
                    CONTENT_POLICY,
                    BUDGET_UNBOUNDABLE ->
                    "INVALID_ARGUMENT";
            case AUTHENTICATION -> "UNAUTHENTICATED";
            case PERMISSION -> "PERMISSION_DENIED";
            case NOT_FOUND, MODEL_NOT_FOUND -> "NOT_FOUND";
            case RATE_LIMITED, BUDGET_EXHAUSTED, BUDGET_RESERVED, BUDGET_SUSPENDED ->
                    "RESOURCE_EXHAUSTED";
            case OVERLOADED, BUDGET_LEDGER_UNAVAILABLE, USAGE_LOG_UNAVAILABLE, NO_TARGET ->
                    "UNAVAILABLE";
            case TIMEOUT -> "DEADLINE_EXCEEDED";
            case UPSTREAM, INTERNAL -> "INTERNAL";
        };
    }
}
