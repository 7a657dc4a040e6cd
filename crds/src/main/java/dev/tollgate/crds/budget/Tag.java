package dev.tollgate.crds.budget;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** Cost allocation by a request header; never decides who pays. */
@Wire
public record Tag(String name, String header, @Nullable Integer maxValues) {}
