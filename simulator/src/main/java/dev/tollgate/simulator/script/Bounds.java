package dev.tollgate.simulator.script;

import org.jspecify.annotations.Nullable;

/** The bounds of what a script may ask for. */
final class Bounds {
    static final long MAX_CHUNKS = 1_000_000;
    static final long MAX_TOKENS = 10_000_000;
    static final long MAX_WAIT_MS = 3_600_000;
    static final long MAX_LINE_BYTES = 64L << 20;
    static final int MAX_RULES = 1_000;
    static final int MAX_TOOL_CALLS = 128;

    private Bounds() {}

    static void optional(String field, @Nullable Number value, long min, long max) {
        if (value != null && (value.longValue() < min || value.longValue() > max)) {
            throw new IllegalArgumentException(
                    "%s: %s (expected: %d to %d)".formatted(field, value, min, max));
        }
    }
}
