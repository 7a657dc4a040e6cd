package dev.tollgate.policy.attempt;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a proxy knows about one (provider, model) at the moment.
 *
 * @param circuitOpen its circuit lets no request through
 * @param unhealthy an active check failed
 * @param notBefore the provider asked to wait until then, null: it did not
 */
public record TargetState(boolean circuitOpen, boolean unhealthy, @Nullable Instant notBefore) {

    public static final TargetState FINE = new TargetState(false, false, null);

    /** How the shell tells states: it is asked with {@code namespace/name} and model. */
    @FunctionalInterface
    public interface Lookup {
        Lookup ALL_FINE = (provider, model) -> FINE;

        TargetState of(String provider, String model);
    }
}
