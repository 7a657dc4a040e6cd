package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.QualityTier;
import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/**
 * A model of a provider; the lowest {@code priority} serves, shared by {@code weight}; without
 * {@code model} the requested name is sent on.
 */
@Wire
public record Target(
        String name,
        ProviderRef providerRef,
        @Nullable String model,
        @Nullable String apiVersion,
        @Nullable Integer priority,
        @Nullable Integer weight,
        @Nullable QualityTier tier,
        @Nullable Integer quality) {}
