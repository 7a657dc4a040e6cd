package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.QualityTier;
import dev.tollgate.policy.route.Quality;
import org.jspecify.annotations.Nullable;

/** What a model or target is good for, as a tier or a number; api.md, section 2. */
final class QualityOf {

    private static final int TIER_LOW = 25;
    private static final int MAX = 100;

    private QualityOf() {}

    /** 1..100; null: neither is written. */
    static @Nullable Integer written(
            @Nullable QualityTier tier, @Nullable Integer quality, String at, Findings findings) {
        if (tier != null && quality != null) {
            findings.invalid(
                    at + ".quality", quality + " (expected: a tier or a quality, not both)");
        }
        if (quality != null && (quality < 1 || quality > MAX)) {
            findings.invalid(at + ".quality", quality + " (expected: 1..100)");
        }
        return quality != null ? quality : tier == null ? null : ofTier(tier, at, findings);
    }

    private static int ofTier(QualityTier tier, String at, Findings findings) {
        return switch (tier) {
            case LOW -> TIER_LOW;
            case STANDARD -> Quality.STANDARD;
            case HIGH -> Quality.HIGH;
            case UNKNOWN -> {
                findings.unsupported(at + ".tier", "a value of a newer version");
                yield Quality.STANDARD;
            }
        };
    }
}
