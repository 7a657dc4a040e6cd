package dev.tollgate.crds.resource;

/** What names one object; {@code namespace} is empty for a Namespace alone. */
public record ResourceKey(Kind kind, String namespace, String name)
        implements Comparable<ResourceKey> {

    public static ResourceKey of(Kind kind, Metadata metadata) {
        return new ResourceKey(kind, metadata.namespace(), metadata.name());
    }

    @Override
    public int compareTo(ResourceKey other) {
        int byKind = kind.compareTo(other.kind);
        int byNamespace = byKind != 0 ? byKind : namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
    }

    /** {@code Kind namespace/name}, as people write it. */
    @Override
    public String toString() {
        return namespace.isEmpty() ? kind + " " + name : kind + " " + namespace + "/" + name;
    }
}
