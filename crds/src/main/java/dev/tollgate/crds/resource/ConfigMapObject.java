package dev.tollgate.crds.resource;

import java.util.Map;

/** A core ConfigMap; its {@code binaryData} is not read. */
@Wire
public record ConfigMapObject(Metadata metadata, Map<String, String> data) {
    public ConfigMapObject {
        data = Absent.asEmpty(data);
    }

    public ResourceKey key() {
        return ResourceKey.of(Kind.CONFIG_MAP, metadata);
    }
}
