package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** Time limits of a rule; default the provider's. */
@Wire
public record RuleTimeouts(@Nullable String firstToken, @Nullable String request) {}
