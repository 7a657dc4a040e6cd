package dev.tollgate.policy.snapshot;

import java.util.List;

/** The outcome of reading a snapshot's bytes. */
public sealed interface Decoded {

    /** They are a snapshot; whether it makes sense is {@link SnapshotValidator}'s business. */
    record Readable(Snapshot snapshot) implements Decoded {}

    /** They are none. */
    record Unreadable(List<Problem> problems) implements Decoded {
        public Unreadable {
            problems = List.copyOf(problems);
        }
    }

    /**
     * @param path where, such as {@code providers[3].timeouts.connectMillis}; empty: the whole
     */
    record Problem(String path, String message) {}
}
