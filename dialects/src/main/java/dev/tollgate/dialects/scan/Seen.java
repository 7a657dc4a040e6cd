package dev.tollgate.dialects.scan;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The names met in one object: a second one of the same name is refused. */
final class Seen {
    private static final int LINEAR = 32;

    private final String where;
    private String[] names = new String[16];
    private int size;
    private @Nullable Set<String> many;

    /**
     * @param where a prefix for the message, such as {@code "stream_options."}; empty at the top
     */
    Seen(String where) {
        this.where = where;
    }

    void add(String name) throws MalformedBody {
        if (many != null) {
            if (!many.add(name)) {
                throw twice(name);
            }
            return;
        }
        for (int i = 0; i < size; i++) {
            if (names[i].equals(name)) {
                throw twice(name);
            }
        }
        if (size == LINEAR) {
            many = new HashSet<>(Arrays.asList(names).subList(0, size));
            many.add(name);
            return;
        }
        if (size == names.length) {
            names = Arrays.copyOf(names, 2 * size);
        }
        names[size++] = name;
    }

    private MalformedBody twice(String name) {
        var shown = name.length() > 64 ? name.substring(0, 64) + "..." : name;
        return new MalformedBody("`" + where + shown + "` is there twice", where + shown);
    }
}
