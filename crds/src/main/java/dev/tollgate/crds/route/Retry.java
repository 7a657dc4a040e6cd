package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is tried again before the first byte reached the client; empty {@code retryOn} means all
 * four.
 */
@Wire
public record Retry(
        List<RetryOn> retryOn,
        @Nullable Integer maxAttempts,
        @Nullable String perTryTimeout,
        @Nullable Backoff backoff,
        @Nullable String maxRetryAfter) {
    public Retry {
        retryOn = Absent.asEmpty(retryOn);
    }

    /** A failure that another attempt may mend. */
    @WireEnum
    public enum RetryOn {
        @JsonProperty("RateLimited")
        RATE_LIMITED,
        @JsonProperty("ServerError")
        SERVER_ERROR,
        @JsonProperty("Timeout")
        TIMEOUT,
        @JsonProperty("ConnectFailure")
        CONNECT_FAILURE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
