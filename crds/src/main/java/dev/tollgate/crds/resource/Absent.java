package dev.tollgate.crds.resource;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One meaning for a collection that is not there: records hold it as empty and write it as absent.
 * Where absence means something the schema refuses an empty list, so nothing is lost.
 */
public final class Absent {
    Absent() {}

    /** An immutable copy; empty if there is none. */
    public static <T> List<T> asEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : List.copyOf(list);
    }

    /** An immutable copy; empty if there is none. */
    public static <V> Map<String, V> asEmpty(@Nullable Map<String, V> map) {
        return map == null ? Map.of() : Map.copyOf(map);
    }

    /**
     * Jackson leaves out what this filter equals: null and empty collections, but not empty
     * strings.
     */
    @Override
    public boolean equals(@Nullable Object value) {
        return value == null
                || value instanceof Collection<?> list && list.isEmpty()
                || value instanceof Map<?, ?> map && map.isEmpty();
    }

    @Override
    public int hashCode() {
        return 0;
    }
}
