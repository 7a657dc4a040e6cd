package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** How hard the cap is, and what happens without a ledger. */
@Wire
public record Enforcement(
        @Nullable Mode mode,
        @Nullable OnLedgerUnavailable onLedgerUnavailable,
        @Nullable Hold hold,
        @Nullable WhenShort whenShort) {

    /** Shadow never refuses and reports what it would have done. */
    @WireEnum
    public enum Mode {
        @JsonProperty("Hard")
        HARD,
        @JsonProperty("Soft")
        SOFT,
        @JsonProperty("Shadow")
        SHADOW,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }

    /**
     * AllowLeased spends slices already granted, then refuses; Block refuses at once, Allow never.
     * Shadow says so and refuses nothing.
     */
    @WireEnum
    public enum OnLedgerUnavailable {
        @JsonProperty("AllowLeased")
        ALLOW_LEASED,
        @JsonProperty("Block")
        BLOCK,
        @JsonProperty("Allow")
        ALLOW,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }

    /** Stepped holds what a long stream costs step by step, and not its whole bound. */
    @WireEnum
    public enum Hold {
        @JsonProperty("Whole")
        WHOLE,
        @JsonProperty("Stepped")
        STEPPED,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }

    /** Clamp lowers the output limit of a request to what is left. */
    @WireEnum
    public enum WhenShort {
        @JsonProperty("Clamp")
        CLAMP,
        @JsonProperty("Refuse")
        REFUSE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
