package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** A target that gets a copy of some requests and never answers one. */
@Wire
public record Shadow(
        String name,
        ProviderRef providerRef,
        @Nullable String model,
        int percent,
        @Nullable Integer maxConcurrent) {}
