package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonFormat;
import dev.tollgate.crds.resource.Wire;
import java.time.Instant;

/**
 * The last call that was billed above its bound; amounts are decimal strings.
 *
 * @param bound the most that it could cost by the published limits
 * @param proxy that settled it
 */
@Wire
public record ViolationStatus(
        @JsonFormat(shape = JsonFormat.Shape.STRING) Instant at,
        String request,
        String cost,
        String bound,
        String proxy) {}
