package dev.tollgate.crds.read;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A YAML value that knows where it stands. */
sealed interface Yaml {
    Place place();

    /** A mapping; {@code keys} says where each key stands. */
    record Mapping(Map<String, Yaml> members, Map<String, Place> keys, Place place)
            implements Yaml {}

    record Sequence(List<Yaml> items, Place place) implements Yaml {}

    /**
     * {@code value} is null, a String, a Boolean, a Long or a Double; {@code text} is what is
     * written.
     */
    record Scalar(@Nullable Object value, String text, Place place) implements Yaml {}

    /** The bare value. */
    default @Nullable Object plain() {
        return switch (this) {
            case Scalar scalar -> scalar.value();
            case Sequence sequence -> {
                var list = new ArrayList<@Nullable Object>();
                sequence.items().forEach(item -> list.add(item.plain()));
                yield list;
            }
            case Mapping mapping -> {
                var map = new LinkedHashMap<String, @Nullable Object>();
                mapping.members().forEach((key, value) -> map.put(key, value.plain()));
                yield map;
            }
        };
    }

    /** The JSON type, as messages of the API server call it. */
    default String type() {
        return switch (this) {
            case Mapping _ -> "object";
            case Sequence _ -> "array";
            case Scalar(Object value, _, _) ->
                    switch (value) {
                        case null -> "null";
                        case String _ -> "string";
                        case Boolean _ -> "boolean";
                        case Long _ -> "integer";
                        default -> "number";
                    };
        };
    }
}
