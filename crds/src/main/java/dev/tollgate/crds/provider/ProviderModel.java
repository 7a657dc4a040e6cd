package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.QualityTier;
import dev.tollgate.crds.resource.Wire;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One model as the provider names it; whatever is not given comes from the catalogue entry {@code
 * catalogName}, default {@code name}.
 */
@Wire
public record ProviderModel(
        String name,
        List<String> aliases,
        @Nullable String catalogName,
        @Nullable Price pricing,
        @Nullable Integer contextTokens,
        @Nullable Integer maxOutputTokens,
        List<Capability> capabilities,
        @Nullable QualityTier tier,
        @Nullable Integer quality,
        @Nullable Deprecation deprecation) {
    public ProviderModel {
        aliases = Absent.asEmpty(aliases);
        capabilities = Absent.asEmpty(capabilities);
    }
}
