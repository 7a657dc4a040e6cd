package dev.tollgate.crds.resource;

import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.ModelProviderStatus;
import org.jspecify.annotations.Nullable;

/** An upstream account or server. */
@Wire
public record ModelProvider(
        Metadata metadata, ModelProviderSpec spec, @Nullable ModelProviderStatus status) {
    public ResourceKey key() {
        return ResourceKey.of(Kind.MODEL_PROVIDER, metadata);
    }
}
