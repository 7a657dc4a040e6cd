package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * An error to answer with, named by {@code status} or {@code kind}, in the dialect's own shape.
 * With {@code afterChunks} it comes inside a stream that began well. {@code retryAfter} is the
 * header's text (seconds or a date). {@code body} replaces the dialect's body, for a proxy's HTML
 * page or an empty one.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Failure(
        @Nullable Integer status,
        @Nullable ErrorKind kind,
        @Nullable String message,
        @Nullable String type,
        @Nullable String code,
        @Nullable String retryAfter,
        @Nullable Integer afterChunks,
        @Nullable String body,
        @Nullable String contentType) {

    public Failure {
        if (status == null && kind == null) {
            throw new IllegalArgumentException("no status and no kind (expected: one of them)");
        }
        if (status != null && (status < 300 || status > 599)) {
            throw new IllegalArgumentException("status: " + status + " (expected: 300 to 599)");
        }
        Bounds.optional("afterChunks", afterChunks, 0, Bounds.MAX_CHUNKS);
        if (contentType != null && body == null) {
            throw new IllegalArgumentException("contentType without body (expected: both)");
        }
        if (afterChunks != null && body != null) {
            throw new IllegalArgumentException(
                    "body with afterChunks (expected: one; use sse.inject inside a stream)");
        }
    }

    public static Failure ofStatus(int status, @Nullable String retryAfter) {
        return new Failure(status, null, null, null, null, retryAfter, null, null, null);
    }

    public int effectiveStatus() {
        return status != null ? status : effectiveKind().status();
    }

    public ErrorKind effectiveKind() {
        if (kind != null) {
            return kind;
        }
        return ErrorKind.of(status == null ? 500 : status);
    }

    public String effectiveMessage() {
        return message != null ? message : effectiveKind().message();
    }
}
