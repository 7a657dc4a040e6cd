package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.NamespaceScope;
import dev.tollgate.crds.resource.Wire;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a platform team writes about an upstream; empty {@code models} means the whole catalogue of
 * the type.
 */
@Wire
public record ModelProviderSpec(
        ProviderType type,
        @Nullable Endpoint endpoint,
        Auth auth,
        List<ProviderModel> models,
        List<PassThrough> passThrough,
        @Nullable PricingPolicy pricing,
        @Nullable String region,
        @Nullable NamespaceScope allowedNamespaces,
        @Nullable ProviderLimits limits,
        @Nullable Timeouts timeouts,
        @Nullable Breaker breaker,
        @Nullable HealthCheck healthCheck) {
    public ModelProviderSpec {
        models = Absent.asEmpty(models);
        passThrough = Absent.asEmpty(passThrough);
    }
}
