package dev.tollgate.dataplane.config;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.policy.snapshot.Snapshot;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads and checks the bytes of a snapshot. */
final class SnapshotReading {

    private static final ObjectMapper JSON =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private SnapshotReading() {}

    static @Nullable Snapshot read(byte[] bytes, List<SnapshotError> errors) {
        try {
            var snapshot = JSON.readValue(bytes, Snapshot.class);
            if (snapshot.schemaVersion() != Snapshot.SCHEMA_VERSION) {
                errors.add(
                        new SnapshotError(
                                "",
                                "schemaVersion",
                                "schemaVersion: "
                                        + snapshot.schemaVersion()
                                        + " (expected: "
                                        + Snapshot.SCHEMA_VERSION
                                        + ")"));
            }
            return snapshot;
        } catch (IOException e) {
            errors.add(new SnapshotError("", "", "no snapshot: " + e.getMessage()));
            return null;
        }
    }
}
