package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The state of one canary.
 *
 * @param fingerprint of the canary and its target as they were written: another one starts over
 * @param message for people
 */
@Wire
public record CanaryStatus(
        String rule,
        String target,
        int step,
        int percent,
        Phase phase,
        @JsonFormat(shape = JsonFormat.Shape.STRING) Instant since,
        @Nullable String fingerprint,
        @Nullable String message) {

    /** Waiting has no hold and waits for an edit. */
    @WireEnum
    public enum Phase {
        @JsonProperty("Progressing")
        PROGRESSING,
        @JsonProperty("Waiting")
        WAITING,
        @JsonProperty("Paused")
        PAUSED,
        @JsonProperty("RolledBack")
        ROLLED_BACK,
        @JsonProperty("Promoted")
        PROMOTED,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
