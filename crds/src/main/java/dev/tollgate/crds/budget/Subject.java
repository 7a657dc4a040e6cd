package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.LabelSelector;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whose requests are charged; members are alternatives, and none at all means every request of the
 * namespace.
 */
@Wire
public record Subject(
        List<String> serviceAccounts,
        List<String> clientKeys,
        List<String> users,
        @Nullable LabelSelector namespaceSelector,
        @Nullable Each each) {
    public Subject {
        serviceAccounts = Absent.asEmpty(serviceAccounts);
        clientKeys = Absent.asEmpty(clientKeys);
        users = Absent.asEmpty(users);
    }

    /** One counter for all selected namespaces, or one each; default Shared. */
    @WireEnum
    public enum Each {
        @JsonProperty("Shared")
        SHARED,
        @JsonProperty("Namespace")
        NAMESPACE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
