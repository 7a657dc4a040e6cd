package dev.tollgate.crds.resource;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/** One requirement of a label selector; {@code values} is empty for Exists and DoesNotExist. */
@Wire
public record LabelExpression(String key, Operator operator, List<String> values) {
    public LabelExpression {
        values = Absent.asEmpty(values);
    }

    /** How the label is compared. */
    @WireEnum
    public enum Operator {
        @JsonProperty("In")
        IN,
        @JsonProperty("NotIn")
        NOT_IN,
        @JsonProperty("Exists")
        EXISTS,
        @JsonProperty("DoesNotExist")
        DOES_NOT_EXIST,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
