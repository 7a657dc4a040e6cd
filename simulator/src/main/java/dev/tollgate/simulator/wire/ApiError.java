package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.ErrorKind;
import dev.tollgate.simulator.script.Failure;
import org.jspecify.annotations.Nullable;

/** An error in no dialect yet; {@link #body} puts it into one. */
public record ApiError(
        int status,
        ErrorKind kind,
        String message,
        @Nullable String type,
        @Nullable String code,
        @Nullable String param,
        @Nullable String retryAfter) {

    public static ApiError of(ErrorKind kind, String message) {
        return new ApiError(kind.status(), kind, message, null, null, null, null);
    }

    static ApiError badField(String param, String message) {
        return new ApiError(400, ErrorKind.INVALID_REQUEST, message, null, null, param, null);
    }

    public static ApiError scripted(Failure failure) {
        return new ApiError(
                failure.effectiveStatus(),
                failure.effectiveKind(),
                failure.effectiveMessage(),
                failure.type(),
                failure.code(),
                null,
                failure.retryAfter());
    }

    /** The prompt does not fit, in the words that each provider uses. */
    public static ApiError contextLength(Dialect dialect, long tokens, long max) {
        var message =
                switch (dialect) {
                    case OPENAI ->
                            "This model's maximum context length is %d tokens. However, your messages resulted in %d tokens. Please reduce the length of the messages."
                                    .formatted(max, tokens);
                    case ANTHROPIC ->
                            "prompt is too long: %d tokens > %d maximum".formatted(tokens, max);
                    case GEMINI ->
                            "The input token count (%d) exceeds the maximum number of tokens allowed (%d)."
                                    .formatted(tokens, max);
                };
        return of(ErrorKind.CONTEXT_LENGTH, message);
    }

    public ObjectNode body(Dialect dialect, String requestId) {
        return switch (dialect) {
            case OPENAI -> openAi();
            case ANTHROPIC -> anthropic(requestId);
            case GEMINI -> gemini();
        };
    }

    private ObjectNode openAi() {
        var body = Json.object();
        var error = body.putObject("error");
        error.put("message", message);
        error.put("type", type != null ? type : openAiType());
        error.put("param", param);
        error.put("code", code != null ? code : openAiCode());
        return body;
    }

    private String openAiType() {
        return switch (kind) {
            case RATE_LIMIT -> "requests";
            case QUOTA, BILLING -> "insufficient_quota";
            case SERVER, BAD_GATEWAY, UNAVAILABLE, OVERLOADED, TIMEOUT, GATEWAY_TIMEOUT ->
                    "server_error";
            case INVALID_REQUEST,
                    CONTEXT_LENGTH,
                    CONTENT_POLICY,
                    AUTHENTICATION,
                    PERMISSION,
                    NOT_FOUND,
                    METHOD_NOT_ALLOWED,
                    CONFLICT,
                    TOO_LARGE,
                    UNPROCESSABLE ->
                    "invalid_request_error";
        };
    }

    private @Nullable String openAiCode() {
        return switch (kind) {
            case RATE_LIMIT -> "rate_limit_exceeded";
            case QUOTA, BILLING -> "insufficient_quota";
            case CONTEXT_LENGTH -> "context_length_exceeded";
            case CONTENT_POLICY -> "content_policy_violation";
            case AUTHENTICATION -> "invalid_api_key";
            case METHOD_NOT_ALLOWED -> "method_not_supported";
            case UNAVAILABLE, OVERLOADED -> "service_unavailable";
            case INVALID_REQUEST,
                    PERMISSION,
                    NOT_FOUND,
                    CONFLICT,
                    TOO_LARGE,
                    UNPROCESSABLE,
                    SERVER,
                    BAD_GATEWAY,
                    TIMEOUT,
                    GATEWAY_TIMEOUT ->
                    null;
        };
    }

    private ObjectNode anthropic(String requestId) {
        var body = Json.object();
        body.put("type", "error");
        var error = body.putObject("error");
        error.put("type", type != null ? type : anthropicType());
        error.put("message", message);
        if (code != null) {
            error.put("code", code);
        }
        body.put("request_id", requestId);
        return body;
    }

    private String anthropicType() {
        return switch (kind) {
            case INVALID_REQUEST,
                    CONTEXT_LENGTH,
                    CONTENT_POLICY,
                    UNPROCESSABLE,
                    CONFLICT,
                    METHOD_NOT_ALLOWED ->
                    "invalid_request_error";
            case AUTHENTICATION -> "authentication_error";
            case BILLING -> "billing_error";
            case PERMISSION -> "permission_error";
            case NOT_FOUND -> "not_found_error";
            case TOO_LARGE -> "request_too_large";
            case RATE_LIMIT, QUOTA -> "rate_limit_error";
            case TIMEOUT, GATEWAY_TIMEOUT -> "timeout_error";
            case SERVER, BAD_GATEWAY, UNAVAILABLE -> "api_error";
            case OVERLOADED -> "overloaded_error";
        };
    }

    private ObjectNode gemini() {
        var body = Json.object();
        var error = body.putObject("error");
        error.put("code", status);
        error.put("message", message);
        error.put("status", type != null ? type : geminiStatus());
        if (retryAfter != null && retryAfter.matches("[0-9]+")) {
            error.putArray("details")
                    .addObject()
                    .put("@type", "type.googleapis.com/google.rpc.RetryInfo")
                    .put("retryDelay", retryAfter + "s");
        }
        return body;
    }

    private String geminiStatus() {
        return switch (kind) {
            case INVALID_REQUEST, CONTEXT_LENGTH, CONTENT_POLICY, TOO_LARGE, UNPROCESSABLE ->
                    "INVALID_ARGUMENT";
            case AUTHENTICATION -> "UNAUTHENTICATED";
            case BILLING -> "FAILED_PRECONDITION";
            case PERMISSION -> "PERMISSION_DENIED";
            case NOT_FOUND, METHOD_NOT_ALLOWED -> "NOT_FOUND";
            case CONFLICT -> "ABORTED";
            case RATE_LIMIT, QUOTA -> "RESOURCE_EXHAUSTED";
            case TIMEOUT, GATEWAY_TIMEOUT -> "DEADLINE_EXCEEDED";
            case SERVER -> "INTERNAL";
            case BAD_GATEWAY, UNAVAILABLE, OVERLOADED -> "UNAVAILABLE";
        };
    }
}
