package dev.tollgate.dataplane.config;

/**
 * Why a snapshot is not taken: the text of a NACK.
 *
 * @param object {@code Kind namespace/name} of the resource at fault, empty if none can be named
 * @param path where in the snapshot
 */
public record SnapshotError(String object, String path, String message) {}
