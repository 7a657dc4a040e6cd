package dev.tollgate.crds.ledger;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/**
 * The running account between the ledger and one holder; outstanding is amount - settled -
 * returned.
 */
@Wire
public record Lease(
        String holder,
        long amountMicros,
        long settledMicros,
        long returnedMicros,
        long overrunMicros,
        long lastAcquire,
        State state,
        @Nullable Long reclaimedMicros) {

    /**
     * Suspect: the holder's log is lost, and its outstanding money stays counted. Reclaimed: it was
     * given back for a holder that is lost.
     */
    @WireEnum
    public enum State {
        @JsonProperty("Open")
        OPEN,
        @JsonProperty("Suspect")
        SUSPECT,
        @JsonProperty("Reclaimed")
        RECLAIMED,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
