package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** A share and how long it holds; without {@code hold} it waits for an edit. */
@Wire
public record CanaryStep(int percent, @Nullable String hold) {}
