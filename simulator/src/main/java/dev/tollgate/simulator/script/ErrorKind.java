package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The errors that providers give, each with its usual status. */
public enum ErrorKind {
    @JsonProperty("invalidRequest")
    INVALID_REQUEST(400, "the request is not valid"),
    @JsonProperty("contextLength")
    CONTEXT_LENGTH(400, "prompt is too long"),
    @JsonProperty("contentPolicy")
    CONTENT_POLICY(400, "the content policy forbids this prompt"),
    @JsonProperty("authentication")
    AUTHENTICATION(401, "the API key is not valid"),
    @JsonProperty("billing")
    BILLING(402, "the account has no balance"),
    @JsonProperty("permission")
    PERMISSION(403, "the API key may not do this"),
    @JsonProperty("notFound")
    NOT_FOUND(404, "not found"),
    @JsonProperty("methodNotAllowed")
    METHOD_NOT_ALLOWED(405, "the method is not allowed here"),
    @JsonProperty("timeout")
    TIMEOUT(408, "the request took too long"),
    @JsonProperty("conflict")
    CONFLICT(409, "the request conflicts with another"),
    @JsonProperty("tooLarge")
    TOO_LARGE(413, "the request is too large"),
    @JsonProperty("unprocessable")
    UNPROCESSABLE(422, "the request cannot be processed"),
    @JsonProperty("rateLimit")
    RATE_LIMIT(429, "too many requests"),
    @JsonProperty("quota")
    QUOTA(429, "the quota of this account is used up"),
    @JsonProperty("server")
    SERVER(500, "the server had an error"),
    @JsonProperty("badGateway")
    BAD_GATEWAY(502, "bad gateway"),
    @JsonProperty("unavailable")
    UNAVAILABLE(503, "the service is not available now"),
    @JsonProperty("gatewayTimeout")
    GATEWAY_TIMEOUT(504, "the deadline has passed"),
    @JsonProperty("overloaded")
    OVERLOADED(529, "Overloaded");

    private final int status;
    private final String message;

    ErrorKind(int status, String message) {
        this.status = status;
        this.message = message;
    }

    public int status() {
        return status;
    }

    public String message() {
        return message;
    }

    /** The kind that a bare status stands for. */
    static ErrorKind of(int status) {
        for (var kind : values()) {
            if (kind.status == status) {
                return kind;
            }
        }
        return status >= 500 ? SERVER : INVALID_REQUEST;
    }
}
