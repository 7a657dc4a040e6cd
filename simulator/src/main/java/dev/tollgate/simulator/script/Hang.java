package dev.tollgate.simulator.script;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * Where an answer stops coming while its connection stays open, for {@code forMs} (then the
 * connection is closed), or until the client leaves, at most an hour.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Hang(Moment at, @Nullable Integer chunks, @Nullable Long forMs) {
    public Hang {
        Moment.check(at, chunks);
        Bounds.optional("forMs", forMs, 1, Bounds.MAX_WAIT_MS);
    }

    public long waitMs() {
        return forMs == null ? Bounds.MAX_WAIT_MS : forMs;
    }
}
