package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** A model that an endpoint serves, at the endpoint's price or one of its own. */
@Wire
public record PassThroughModel(String name, @Nullable String pricePerRequest) {}
