package dev.tollgate.crds.provider;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** Where prices come from and what happens to a model without one. */
@Wire
public record PricingPolicy(@Nullable Source source, @Nullable OnUnknownModel onUnknownModel) {

    /** Explicit uses only prices written in the object. */
    @WireEnum
    public enum Source {
        @JsonProperty("BuiltInCatalog")
        BUILT_IN_CATALOG,
        @JsonProperty("Explicit")
        EXPLICIT,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }

    /** Free must be written out: an unpriced model is never silently free. */
    @WireEnum
    public enum OnUnknownModel {
        @JsonProperty("Reject")
        REJECT,
        @JsonProperty("ChargeMaximum")
        CHARGE_MAXIMUM,
        @JsonProperty("Free")
        FREE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
