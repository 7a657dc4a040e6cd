package dev.tollgate.crds.resource;

import java.util.Map;

/** A core Secret with decoded values, which print {@code [redacted]} and cannot be serialised. */
public record SecretObject(Metadata metadata, Map<String, Bytes> data) {
    public SecretObject {
        data = Absent.asEmpty(data);
    }

    public ResourceKey key() {
        return ResourceKey.of(Kind.SECRET, metadata);
    }
}
