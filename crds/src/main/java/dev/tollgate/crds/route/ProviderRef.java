package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** A ModelProvider; default namespace is the policy's. */
@Wire
public record ProviderRef(String name, @Nullable String namespace) {}
