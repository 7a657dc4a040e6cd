package dev.tollgate.dialects.conversation;

import java.util.List;

/** Which tools the model may or must call. */
public sealed interface ToolChoice {

    record Auto() implements ToolChoice {}

    record None() implements ToolChoice {}

    /** At least one call. */
    record Required() implements ToolChoice {}

    record Named(String name) implements ToolChoice {}

    /** Only these; whether at least one. */
    record Allowed(List<String> names, boolean required) implements ToolChoice {
        public Allowed {
            names = List.copyOf(names);
        }
    }
}
