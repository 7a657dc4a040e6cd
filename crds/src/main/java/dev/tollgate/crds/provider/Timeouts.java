package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** Time limits of a call to the upstream, as duration texts. */
@Wire
public record Timeouts(
        @Nullable String connect,
        @Nullable String firstByte,
        @Nullable String streamIdle,
        @Nullable String request) {}
