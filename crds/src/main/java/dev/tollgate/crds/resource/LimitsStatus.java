package dev.tollgate.crds.resource;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How the live proxies keep together to {@code spec.limits}.
 *
 * @param message for people
 */
@Wire
public record LimitsStatus(Mode mode, int proxies, String message) {

    /** Where proxies agree on what each may use. */
    @WireEnum
    public enum Mode {
        /** The operator divides the limits among them, by demand. */
        @JsonProperty("Shares")
        SHARES,
        /** They divide them in a Valkey that all of them reach. */
        @JsonProperty("Valkey")
        VALKEY,
        /** Some do the one, and some the other. */
        @JsonProperty("Mixed")
        MIXED,
        /** A value of a newer schema. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
