package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;

/** A model name that another policy serves. */
@Wire
public record Conflict(String model, String winner) {}
