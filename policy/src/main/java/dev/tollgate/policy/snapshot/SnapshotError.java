package dev.tollgate.policy.snapshot;

/**
 * What a snapshot has that no proxy can serve. It names the resource that it came from, so that the
 * control plane can take out just that one (api.md, S13).
 *
 * @param kind {@code ModelProvider}, {@code RoutingPolicy}, {@code Budget}, {@code Secret}; empty:
 *     the snapshot as a whole
 * @param namespace empty with an empty kind
 * @param name empty with an empty kind
 * @param path where in the snapshot's entry
 */
public record SnapshotError(
        String kind, String namespace, String name, String path, String message) {

    static SnapshotError whole(String path, String message) {
        return new SnapshotError("", "", "", path, message);
    }
}
