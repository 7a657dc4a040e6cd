package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.time.Instant;

/**
 * The last call that was billed above its bound; amounts are decimal strings.
 *
 * @param bound the most that it could cost by the published limits
 * @param proxy that settled it
 * @param effect whether it stops the Budget if that is Hard
 */
@Wire
public record ViolationStatus(
        @JsonFormat(shape = JsonFormat.Shape.STRING) Instant at,
        String request,
        String cost,
        String bound,
        String proxy,
        Effect effect) {

    /** On a Hard Budget. */
    @WireEnum
    public enum Effect {
        @JsonProperty("Stop")
        STOP,
        @JsonProperty("Tell")
        TELL,
        /** Of a newer schema. */
        @JsonEnumDefaultValue
        UNKNOWN
    }

    public ViolationStatus(
            Instant at, String request, String cost, String bound, String proxy, boolean stops) {
        this(at, request, cost, bound, proxy, stops ? Effect.STOP : Effect.TELL);
    }

    public boolean stops() {
        return effect != Effect.TELL;
    }
}
