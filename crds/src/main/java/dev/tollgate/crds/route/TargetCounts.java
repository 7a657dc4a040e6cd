package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Wire;

/** How many targets there are and resolve; {@code summary} is the printed column. */
@Wire
public record TargetCounts(int total, int resolved, String summary) {}
