package dev.tollgate.crds.resource;

import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.crds.route.RoutingPolicyStatus;
import org.jspecify.annotations.Nullable;

/** Client-visible model names and how each is served. */
@Wire
public record RoutingPolicy(
        Metadata metadata, RoutingPolicySpec spec, @Nullable RoutingPolicyStatus status) {
    public ResourceKey key() {
        return ResourceKey.of(Kind.ROUTING_POLICY, metadata);
    }
}
