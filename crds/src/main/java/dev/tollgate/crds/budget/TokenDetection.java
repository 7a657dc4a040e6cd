package dev.tollgate.crds.budget;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** One request that uses many times the caller's mean. */
@Wire
public record TokenDetection(@Nullable AnomalyAction action, @Nullable Integer factor) {}
