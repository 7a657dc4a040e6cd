package dev.tollgate.crds.read;

import dev.tollgate.crds.rule.Rule;
import dev.tollgate.crds.rule.RuleException;
import dev.tollgate.crds.schema.Schema;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Checks one object against its schema as the API server does: structure first; if that is sound,
 * defaults, then the CEL rules. A null member counts as absent. One use, one thread.
 */
final class SchemaCheck {
    private static final int MAX_SHOWN_CHARS = 80;
    private static final Map<String, Rule> RULES = new ConcurrentHashMap<>();
    private static final Map<String, Pattern> PATTERNS = new ConcurrentHashMap<>();

    private final List<Problem> problems;
    private final boolean secret;
    private final Map<String, Place> places = new HashMap<>();

    /**
     * @param secret whether values must not be told in hints
     */
    SchemaCheck(List<Problem> problems, boolean secret) {
        this.problems = problems;
        this.secret = secret;
    }

    /** The value with its defaults; of use only if no problem was added. */
    @Nullable Object check(Yaml value, Schema schema, String path) {
        int before = problems.size();
        Object defaulted = structure(value, schema, path);
        if (problems.size() == before) {
            rules(defaulted, schema, path, value.place());
        }
        return defaulted;
    }

    private @Nullable Object structure(Yaml value, Schema schema, String path) {
        places.put(path, value.place());
        return switch (value) {
            case Yaml.Mapping mapping when schema.type().equals("object") ->
                    object(mapping, schema, path);
            case Yaml.Sequence sequence when schema.type().equals("array") ->
                    list(sequence, schema, path);
            case Yaml.Scalar scalar -> scalar(scalar, schema, path);
            case Yaml.Mapping _, Yaml.Sequence _ -> {
                wrongType(value, schema, path);
                yield null;
            }
        };
    }

    private Object object(Yaml.Mapping mapping, Schema schema, String path) {
        if (schema.open()) {
            return Objects.requireNonNull(mapping.plain());
        }
        Map<String, Object> result = new LinkedHashMap<>();
        mapping.members()
                .forEach(
                        (name, member) -> {
                            if (member instanceof Yaml.Scalar scalar && scalar.value() == null) {
                                return;
                            }
                            member(name, member, mapping, schema, path, result);
                        });
        for (String required : schema.required()) {
            if (!result.containsKey(required)) {
                add(mapping.place(), join(path, required), "Required value", null);
            }
        }
        schema.properties()
                .forEach(
                        (name, property) -> {
                            if (property.defaultValue() != null) {
                                result.putIfAbsent(name, property.defaultValue());
                            }
                        });
        least(result.size(), schema.minProperties(), "properties", mapping.place(), path);
        most(result.size(), schema.maxProperties(), "properties", mapping.place(), path);
        return result;
    }

    private void member(
            String name,
            Yaml member,
            Yaml.Mapping mapping,
            Schema schema,
            String path,
            Map<String, Object> result) {
        Schema property = schema.properties().getOrDefault(name, schema.additionalProperties());
        if (property == null) {
            Place place = mapping.keys().getOrDefault(name, mapping.place());
            add(
                    place,
                    join(path, name),
                    "unknown field \"" + join(path, name) + "\"",
                    unknownHint(name, schema));
            return;
        }
        Object value = structure(member, property, join(path, name));
        if (value != null) {
            result.put(name, value);
        } else {
            // refused already; there, so that it is not said to be missing as well
            result.put(name, Map.of());
        }
    }

    private static String unknownHint(String name, Schema schema) {
        return Spelling.nearest(name, schema.properties().keySet())
                .map(known -> "did you mean `" + known + "`?")
                .orElseGet(
                        () ->
                                "known here: "
                                        + String.join(
                                                ", ", new TreeSet<>(schema.properties().keySet())));
    }

    private Object list(Yaml.Sequence sequence, Schema schema, String path) {
        var result = new ArrayList<Object>();
        Schema items = schema.items();
        for (int i = 0; i < sequence.items().size() && items != null; i++) {
            Object item = structure(sequence.items().get(i), items, path + "[" + i + "]");
            result.add(item == null ? Map.of() : item);
        }
        least(result.size(), schema.minItems(), "items", sequence.place(), path);
        if (schema.maxItems() != null && result.size() > schema.maxItems()) {
            add(
                    sequence.place(),
                    path,
                    "Too many: %d: must have at most %d items"
                            .formatted(result.size(), schema.maxItems()),
                    null);
        }
        duplicates(sequence, schema, path, result);
        return result;
    }

    private void duplicates(
            Yaml.Sequence sequence, Schema schema, String path, List<Object> items) {
        if (schema.listType() == null || schema.listType().equals("atomic")) {
            return;
        }
        Set<Object> seen = new HashSet<>();
        for (int i = 0; i < items.size(); i++) {
            Object key = items.get(i);
            if (schema.listType().equals("map") && key instanceof Map<?, ?> item) {
                key =
                        schema.listMapKeys().stream()
                                .map(name -> name + "=" + item.get(name))
                                .toList();
            }
            if (!seen.add(key)) {
                add(
                        sequence.items().get(i).place(),
                        path + "[" + i + "]",
                        "Duplicate value: " + key,
                        null);
            }
        }
    }

    private @Nullable Object scalar(Yaml.Scalar scalar, Schema schema, String path) {
        Object value = scalar.value();
        boolean fits =
                switch (schema.type()) {
                    case "string" -> value instanceof String;
                    case "integer" -> value instanceof Long;
                    case "boolean" -> value instanceof Boolean;
                    default -> false;
                };
        if (!fits) {
            wrongType(scalar, schema, path);
            return null;
        }
        if (value instanceof String text) {
            text(text, schema, path, scalar.place());
        } else if (value instanceof Long number) {
            if (schema.minimum() != null && number < schema.minimum()) {
                add(
                        scalar.place(),
                        path,
                        "should be greater than or equal to " + schema.minimum(),
                        null);
            }
            if (schema.maximum() != null && number > schema.maximum()) {
                add(
                        scalar.place(),
                        path,
                        "should be less than or equal to " + schema.maximum(),
                        null);
            }
        }
        return value;
    }

    private void text(String text, Schema schema, String path, Place place) {
        if (!schema.enumeration().isEmpty() && !schema.enumeration().contains(text)) {
            String values =
                    schema.enumeration().stream()
                            .map(value -> "\"" + value + "\"")
                            .collect(Collectors.joining(", "));
            String hint =
                    Spelling.nearest(text, schema.enumeration())
                            .map(known -> "did you mean `" + known + "`?")
                            .orElse(null);
            add(
                    place,
                    path,
                    "Unsupported value: \"%s\": supported values: %s".formatted(text, values),
                    hint);
        }
        int length = text.codePointCount(0, text.length());
        least(length, schema.minLength(), "chars", place, path);
        if (schema.maxLength() != null && length > schema.maxLength()) {
            add(
                    place,
                    path,
                    "Too long: may not be more than " + schema.maxLength() + " bytes",
                    null);
        }
        if (schema.pattern() != null && !pattern(schema.pattern()).matcher(text).find()) {
            add(
                    place,
                    path,
                    quoted(text) + " should match '" + schema.pattern() + "'",
                    patternHint(schema.pattern()));
        }
        if (schema.format() != null && !formatted(text, schema.format())) {
            add(place, path, "must be of type " + schema.format() + ": \"" + text + "\"", null);
        }
    }

    /** The bad value, if it is short enough to be read. */
    private static String quoted(String text) {
        var shown =
                text.length() <= MAX_SHOWN_CHARS
                        ? text
                        : text.substring(0, MAX_SHOWN_CHARS) + "...";
        return '"' + shown + '"';
    }

    /** Go's {@code $} is the end of the text; Java's would let a line end pass. */
    private static Pattern pattern(String text) {
        return PATTERNS.computeIfAbsent(
                text,
                key ->
                        Pattern.compile(
                                key.endsWith("$")
                                        ? key.substring(0, key.length() - 1) + "\\z"
                                        : key));
    }

    private static @Nullable String patternHint(String pattern) {
        if (pattern.contains("(h|m|s|ms)")) {
            return "a duration such as 250ms, 30s or 1h30m";
        }
        if (pattern.contains("(\\.[0-9]{1,6})?")) {
            return "a quoted decimal such as \"12.50\"";
        }
        return null;
    }

    private static boolean formatted(String text, String format) {
        try {
            switch (format) {
                case "date" -> LocalDate.parse(text);
                case "date-time" -> OffsetDateTime.parse(text);
                default -> throw new IllegalStateException("format " + format + " of a string");
            }
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private void wrongType(Yaml value, Schema schema, String path) {
        String hint = null;
        if (value instanceof Yaml.Scalar scalar) {
            if (schema.type().equals("string") && scalar.value() != null) {
                hint = secret ? "quote it" : "quote it: \"" + scalar.text() + "\"";
            } else if (!schema.type().equals("string") && scalar.value() instanceof String) {
                hint = "write it as " + schema.type() + ", without quotes";
            }
        }
        add(
                value.place(),
                path,
                "must be of type %s: \"%s\"".formatted(schema.type(), value.type()),
                hint);
    }

    private void least(int size, @Nullable Long bound, String what, Place place, String path) {
        if (bound != null && size < bound) {
            String unit =
                    what.equals("chars")
                            ? "be at least " + bound + " chars long"
                            : "have at least " + bound + " " + what;
            add(place, path, "should " + unit, null);
        }
    }

    private void most(int size, @Nullable Long bound, String what, Place place, String path) {
        if (bound != null && size > bound) {
            add(place, path, "must have at most " + bound + " " + what, null);
        }
    }

    /** The rules of this value and of all within it. */
    private void rules(@Nullable Object value, Schema schema, String path, Place nearest) {
        Place place = places.getOrDefault(path, nearest);
        for (Schema.SchemaRule rule : schema.rules()) {
            Rule compiled = RULES.computeIfAbsent(rule.rule(), Rule::compile);
            if (compiled.isTransition() && !rule.optionalOldSelf()) {
                continue;
            }
            try {
                if (!compiled.holds(value)) {
                    add(place, path, rule.message(), null);
                }
            } catch (RuleException e) {
                add(place, path, rule.message() + ": " + e.getMessage(), null);
            }
        }
        if (value instanceof Map<?, ?> map) {
            schema.properties()
                    .forEach(
                            (name, property) -> {
                                if (map.containsKey(name)) {
                                    rules(map.get(name), property, join(path, name), place);
                                }
                            });
        } else if (value instanceof List<?> list && schema.items() != null) {
            for (int i = 0; i < list.size(); i++) {
                rules(list.get(i), schema.items(), path + "[" + i + "]", place);
            }
        }
    }

    private void add(Place place, String path, String message, @Nullable String hint) {
        problems.add(Problem.at(place, path, message, hint));
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
