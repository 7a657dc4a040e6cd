package dev.tollgate.crds.resource;

/** A core Namespace, read for its labels. */
@Wire
public record NamespaceObject(Metadata metadata) {
    public ResourceKey key() {
        return ResourceKey.of(Kind.NAMESPACE, metadata);
    }
}
