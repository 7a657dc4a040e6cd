package dev.tollgate.crds.provider;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import org.jspecify.annotations.Nullable;

/** How the gateway authenticates itself to the upstream. */
@Wire
public record Auth(
        Type type, @Nullable ApiKey apiKey, @Nullable CloudCredentials cloudCredentials) {

    /**
     * WorkloadIdentity is the proxy pod's own cloud identity, ClientPassthrough forwards the
     * caller's provider key.
     */
    @WireEnum
    public enum Type {
        @JsonProperty("APIKey")
        API_KEY,
        @JsonProperty("CloudCredentials")
        CLOUD_CREDENTIALS,
        @JsonProperty("WorkloadIdentity")
        WORKLOAD_IDENTITY,
        @JsonProperty("ClientPassthrough")
        CLIENT_PASSTHROUGH,
        @JsonProperty("None")
        NONE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
