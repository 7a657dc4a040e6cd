package dev.tollgate.crds.provider;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/**
 * A PEM bundle of certificate authorities in the provider's namespace; default key {@code ca.crt}.
 */
@Wire
public record CertificateRef(Source kind, String name, @Nullable String key) {

    /** What holds the bundle. */
    @WireEnum
    public enum Source {
        @JsonProperty("ConfigMap")
        CONFIG_MAP,
        @JsonProperty("Secret")
        SECRET,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
