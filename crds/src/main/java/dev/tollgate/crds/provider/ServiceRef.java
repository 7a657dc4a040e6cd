package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** A Service in the provider's namespace. */
@Wire
public record ServiceRef(String name, int port, @Nullable String path) {}
