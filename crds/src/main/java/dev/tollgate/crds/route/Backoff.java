package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** Delay before the same target is tried again. */
@Wire
public record Backoff(@Nullable String base, @Nullable String max) {}
