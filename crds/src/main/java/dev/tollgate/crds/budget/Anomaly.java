package dev.tollgate.crds.budget;

import dev.tollgate.crds.resource.Wire;
import org.jspecify.annotations.Nullable;

/** Three detectors and how long their holds last. */
@Wire
public record Anomaly(
        @Nullable Deviation deviation,
        @Nullable LoopDetection loop,
        @Nullable TokenDetection tokens,
        @Nullable String holdFor) {}
