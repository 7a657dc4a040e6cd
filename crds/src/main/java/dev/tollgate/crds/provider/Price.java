package dev.tollgate.crds.provider;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Prices in USD as decimal strings, per million tokens but for {@code perRequest}. */
@Wire
public record Price(
        @Nullable String inputPer1M,
        @Nullable String cachedInputPer1M,
        @Nullable String cacheWritePer1M,
        @Nullable String cacheWrite1hPer1M,
        @Nullable String outputPer1M,
        @Nullable String perRequest,
        List<PriceTier> tiers) {
    public Price {
        tiers = Absent.asEmpty(tiers);
    }
}
