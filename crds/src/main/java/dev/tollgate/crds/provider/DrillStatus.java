package dev.tollgate.crds.provider;

import com.fasterxml.jackson.annotation.JsonFormat;
import dev.tollgate.crds.resource.Wire;
import java.time.Instant;

/**
 * What the last drill has shown.
 *
 * @param until its end
 * @param requests that met it and are over
 * @param answered of these, by another target
 * @param failed of these, not at all
 */
@Wire
public record DrillStatus(
        @JsonFormat(shape = JsonFormat.Shape.STRING) Instant until,
        long requests,
        long answered,
        long failed) {}
