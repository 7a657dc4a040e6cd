package dev.tollgate.policy.compile;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The name of an enum's constant as resources spell it. */
final class WireName {

    private WireName() {}

    static String of(Enum<?> constant) {
        try {
            var field = constant.getDeclaringClass().getField(constant.name());
            var name = field.getAnnotation(JsonProperty.class);
            return name == null ? constant.name() : name.value();
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException("constant without a field: " + constant, e);
        }
    }
}
