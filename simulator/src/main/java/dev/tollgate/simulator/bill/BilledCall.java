package dev.tollgate.simulator.bill;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * One call on the bill. {@code id} is the id in the answer, {@code requestId} the one in the
 * answer's headers, {@code traceId} that of the caller's {@code traceparent}; {@code reported} is
 * false if the script made the usage on the wire differ from {@code tokens}.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BilledCall(
        long seq,
        String id,
        String requestId,
        @Nullable String traceId,
        String key,
        String model,
        Outcome outcome,
        Tokens tokens,
        long nanos,
        boolean priced,
        boolean reported) {

    /** How the call ended; what is billed follows from it and from the script. */
    public enum Outcome {
        /** The whole answer was handed to the socket. */
        COMPLETED,
        /** The client went away first. */
        CANCELLED,
        /** The provider ended it, as the script said. */
        BROKEN,
        /** Refused before inference: never charged. */
        REFUSED
    }
}
