package dev.tollgate.crds.schema;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One node of a structural OpenAPI v3 schema, with what the CRDs of this module use of it. A
 * keyword that is not known here is refused when the schema is read, so that no rule is silently
 * skipped.
 */
public record Schema(
        String type,
        @Nullable String format,
        @Nullable String description,
        Map<String, Schema> properties,
        @Nullable Schema additionalProperties,
        @Nullable Schema items,
        List<String> required,
        List<String> enumeration,
        @Nullable String pattern,
        @Nullable Long minimum,
        @Nullable Long maximum,
        @Nullable Long minLength,
        @Nullable Long maxLength,
        @Nullable Long minItems,
        @Nullable Long maxItems,
        @Nullable Long minProperties,
        @Nullable Long maxProperties,
        @Nullable String listType,
        List<String> listMapKeys,
        @Nullable Object defaultValue,
        boolean open,
        List<SchemaRule> rules) {

    /** A CEL rule as it is written. */
    public record SchemaRule(String rule, String message, boolean optionalOldSelf) {}

    static Schema of(Map<String, Object> source) {
        var rest = new LinkedHashMap<>(source);
        var properties = new LinkedHashMap<String, Schema>();
        map(rest.getOrDefault("properties", Map.of()))
                .forEach((name, value) -> properties.put(name, of(map(value))));
        rest.remove("properties");
        var schema =
                new Schema(
                        text(rest.remove("type")),
                        (String) rest.remove("format"),
                        (String) rest.remove("description"),
                        properties,
                        child(rest.remove("additionalProperties")),
                        child(rest.remove("items")),
                        strings(rest.remove("required")),
                        strings(rest.remove("enum")),
                        (String) rest.remove("pattern"),
                        number(rest.remove("minimum")),
                        number(rest.remove("maximum")),
                        number(rest.remove("minLength")),
                        number(rest.remove("maxLength")),
                        number(rest.remove("minItems")),
                        number(rest.remove("maxItems")),
                        number(rest.remove("minProperties")),
                        number(rest.remove("maxProperties")),
                        (String) rest.remove("x-kubernetes-list-type"),
                        strings(rest.remove("x-kubernetes-list-map-keys")),
                        wide(rest.remove("default")),
                        Boolean.TRUE.equals(rest.remove("x-kubernetes-preserve-unknown-fields")),
                        rules(rest.remove("x-kubernetes-validations")));
        if (!rest.isEmpty()) {
            throw new IllegalStateException(
                    "schema keywords " + rest.keySet() + " (expected: known ones)");
        }
        return schema;
    }

    private static List<SchemaRule> rules(@Nullable Object source) {
        if (source == null) {
            return List.of();
        }
        return ((List<?>) source)
                .stream()
                        .map(Schema::map)
                        .map(
                                rule ->
                                        new SchemaRule(
                                                text(rule.get("rule")),
                                                text(rule.get("message")),
                                                Boolean.TRUE.equals(rule.get("optionalOldSelf"))))
                        .toList();
    }

    private static @Nullable Schema child(@Nullable Object source) {
        return source == null ? null : of(map(source));
    }

    private static List<String> strings(@Nullable Object source) {
        return source == null
                ? List.of()
                : ((List<?>) source).stream().map(String::valueOf).toList();
    }

    private static String text(@Nullable Object source) {
        if (source instanceof String text) {
            return text;
        }
        throw new IllegalStateException("schema: " + source + " (expected: a text)");
    }

    private static @Nullable Long number(@Nullable Object source) {
        return source == null ? null : ((Number) source).longValue();
    }

    /** Integers of YAML as {@code Long}, as values have them. */
    private static @Nullable Object wide(@Nullable Object value) {
        if (value instanceof Integer number) {
            return number.longValue();
        }
        if (value instanceof Map<?, ?>) {
            var wide = new LinkedHashMap<String, @Nullable Object>();
            map(value).forEach((key, member) -> wide.put(key, wide(member)));
            return wide;
        }
        return value;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(@Nullable Object value) {
        if (value instanceof Map<?, ?>) {
            return (Map<String, Object>) value;
        }
        throw new IllegalStateException("schema: " + value + " (expected: a mapping)");
    }
}
