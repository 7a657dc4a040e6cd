package dev.tollgate.policy.snapshot;

import org.jspecify.annotations.Nullable;

/**
 * Active checks of a provider; api.md, P8.
 *
 * @param model asked for one token, null: the models are listed, which costs nothing
 * @param unhealthyAfter failures in a row
 * @param healthyAfter successes in a row
 */
public record HealthCheckEntry(
        @Nullable String model,
        long intervalMillis,
        long timeoutMillis,
        int unhealthyAfter,
        int healthyAfter) {}
