package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/** When in an answer something happens. */
public enum Moment {
    @JsonProperty("beforeHeaders")
    BEFORE_HEADERS,
    /** The status and the headers are out, nothing of the body. */
    @JsonProperty("afterHeaders")
    AFTER_HEADERS,
    /**
     * After the opening events and {@code chunks} chunks of the answer, or before the closing
     * events if there are fewer; in an answer that is no stream, in the middle of the body.
     */
    @JsonProperty("afterChunks")
    AFTER_CHUNKS;

    static void check(@Nullable Moment at, @Nullable Integer chunks) {
        if (at == null) {
            throw new IllegalArgumentException(
                    "at: missing (expected: beforeHeaders, afterHeaders or afterChunks)");
        }
        if (chunks != null && at != AFTER_CHUNKS) {
            throw new IllegalArgumentException("chunks: only with at: afterChunks");
        }
        Bounds.optional("chunks", chunks, 0, Bounds.MAX_CHUNKS);
    }
}
