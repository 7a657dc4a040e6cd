package dev.tollgate.dialects;

import dev.tollgate.dialects.translate.Translations;
import org.jspecify.annotations.Nullable;

/** The table of bridges. */
final class Bridges {
    private Bridges() {}

    static @Nullable Bridge between(Dialect client, Dialect provider, Operation operation) {
        return operation == Operation.GENERATE ? Translations.between(client, provider) : null;
    }
}
