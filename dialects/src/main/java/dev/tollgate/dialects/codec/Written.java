package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The outcome of writing a provider's request. */
public sealed interface Written {

    /**
     * @param dropped what was left out or clamped as harmless, in words
     */
    record Body(ObjectNode json, List<String> dropped) implements Written {
        public Body {
            dropped = List.copyOf(dropped);
        }
    }

    record Refused(String message, @Nullable String param) implements Written {}
}
