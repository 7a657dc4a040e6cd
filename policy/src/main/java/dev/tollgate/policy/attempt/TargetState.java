package dev.tollgate.policy.attempt;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a proxy knows about one (provider, model) at the moment.
 *
 * @param circuitOpen its circuit lets no request through
 * @param unhealthy an active check failed
 * @param notBefore the provider asked to wait until then, or a limit of it is near until then;
 *     null: neither
 * @param firstTokenMicros moving average of the time to a stream's first token, -1: unknown
 * @param answerMicros moving average of the time to the end of an answer, -1: unknown
 * @param errorPermille failures of a thousand calls of the last minute
 */
public record TargetState(
        boolean circuitOpen,
        boolean unhealthy,
        @Nullable Instant notBefore,
        long firstTokenMicros,
        long answerMicros,
        int errorPermille) {

    public static final long UNKNOWN = -1;

    public static final TargetState FINE = new TargetState(false, false, null, UNKNOWN, UNKNOWN, 0);
}
