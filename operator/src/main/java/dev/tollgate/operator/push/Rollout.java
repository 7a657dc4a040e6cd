package dev.tollgate.operator.push;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How far the newest release has come.
 *
 * <pre>
 *   Nothing --publish--> Trying --first ACK--> Open
 *                          ^  |                  |
 *               publish    |  +----NACK----------+--> Withdrawn
 *                          +------(from any)-----------+
 * </pre>
 */
public sealed interface Rollout {

    /** Nothing was published yet. */
    record Nothing() implements Rollout {}

    /**
     * One proxy tries it before the others get it.
     *
     * @param proxy the one that tries, null while none is free
     * @param tried all that had their turn
     */
    record Trying(@Nullable String proxy, Instant since, Set<String> tried) implements Rollout {
        public Trying {
            tried = Set.copyOf(tried);
        }
    }

    /** At least one proxy serves with it: all may have it. */
    record Open() implements Rollout {}

    /** A proxy refused it: nobody else gets it. */
    record Withdrawn() implements Rollout {}
}
