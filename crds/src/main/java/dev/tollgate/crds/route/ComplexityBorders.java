package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** Class borders on the complexity score 0..100. */
@Wire
public record ComplexityBorders(@Nullable Integer moderateFrom, @Nullable Integer complexFrom) {}
