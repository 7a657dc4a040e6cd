package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** Estimated input tokens, {@code min} inclusive and {@code max} exclusive. */
@Wire
public record TokenRange(@Nullable Integer min, @Nullable Integer max) {}
