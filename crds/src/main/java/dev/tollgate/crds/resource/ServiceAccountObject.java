package dev.tollgate.crds.resource;

/** A core ServiceAccount: in a folder, a caller that a rule may name. */
@Wire
public record ServiceAccountObject(Metadata metadata) {
    public ResourceKey key() {
        return ResourceKey.of(Kind.SERVICE_ACCOUNT, metadata);
    }
}
