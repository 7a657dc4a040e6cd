package dev.tollgate.policy.drill;

import java.time.Instant;

/**
 * A provider that every proxy makes fail until then.
 *
 * @param provider {@code namespace/name}
 */
public record DrillOrder(String provider, Instant until) {

    /** Names the drill towards proxies. */
    public long id() {
        return until.toEpochMilli();
    }
}
