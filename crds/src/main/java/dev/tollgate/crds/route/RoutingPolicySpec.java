package dev.tollgate.crds.route;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.NamespaceScope;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Client-visible model names or patterns, and the rules that serve them; the first matching rule
 * wins.
 */
@Wire
public record RoutingPolicySpec(
        List<String> models,
        @Nullable NamespaceScope visibleTo,
        @Nullable Inheritance inheritance,
        @Nullable ResponseModel responseModel,
        @Nullable Constraints constraints,
        @Nullable Cache cache,
        @Nullable ComplexityBorders complexity,
        List<Rule> rules) {
    public RoutingPolicySpec {
        models = Absent.asEmpty(models);
        rules = Absent.asEmpty(rules);
    }

    /** Override is for the platform namespace alone. */
    @WireEnum
    public enum Inheritance {
        @JsonProperty("Default")
        DEFAULT,
        @JsonProperty("Override")
        OVERRIDE,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }

    /** The model name in the answer. */
    @WireEnum
    public enum ResponseModel {
        @JsonProperty("Requested")
        REQUESTED,
        @JsonProperty("Served")
        SERVED,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
