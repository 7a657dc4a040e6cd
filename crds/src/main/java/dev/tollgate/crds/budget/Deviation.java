package dev.tollgate.crds.budget;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/**
 * A day that costs more than the mean of the week before, by both {@code percent} and {@code
 * minSpend}.
 */
@Wire
public record Deviation(
        @Nullable AnomalyAction action, @Nullable Integer percent, @Nullable String minSpend) {}
