package dev.tollgate.dataplane.config;

import dev.tollgate.dataplane.identity.IdentityTables;
import dev.tollgate.policy.route.SnapshotIndex;
import dev.tollgate.policy.snapshot.Snapshot;

/**
 * A snapshot that serves, with its look-ups. Requests keep the one that they were admitted with.
 *
 * @param bytes the canonical bytes; not to be changed
 * @param digest lower-case hex SHA-256 of the bytes
 * @param revision the control plane's name for it: {@code epoch.counter}, or a folder's own counter
 */
public record Applied(
        Snapshot snapshot,
        SnapshotIndex index,
        IdentityTables identities,
        byte[] bytes,
        String digest,
        String revision) {

    @Override
    public String toString() {
        return "Applied[revision=" + revision + ", digest=" + digest + "]";
    }
}
