package dev.tollgate.simulator.wire;

import org.jspecify.annotations.Nullable;

/** One event of a stream: its name, if the dialect names events, and its data in one line. */
public record SseEvent(@Nullable String name, String data) {
    static SseEvent data(String data) {
        return new SseEvent(null, data);
    }
}
