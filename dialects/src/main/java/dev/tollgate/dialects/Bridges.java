package dev.tollgate.dialects;

import org.jspecify.annotations.Nullable;

/** The table of bridges. */
final class Bridges {
    private Bridges() {}

    static @Nullable Bridge between(Dialect client, Dialect provider, Operation operation) {
        return null;
    }
}
