package dev.tollgate.crds.budget;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** The same request by the same caller, again and again. */
@Wire
public record LoopDetection(
        @Nullable AnomalyAction action, @Nullable Integer repeats, @Nullable String within) {}
