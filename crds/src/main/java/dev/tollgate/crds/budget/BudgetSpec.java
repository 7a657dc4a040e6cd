package dev.tollgate.crds.budget;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A cap in money, rate limits, or a ceiling per request, for the requests that {@code subject} and
 * {@code models} match.
 */
@Wire
public record BudgetSpec(
        @Nullable String amount,
        @Nullable String currency,
        @Nullable Period period,
        @Nullable String maxCostPerRequest,
        @Nullable RateLimits limits,
        @Nullable Subject subject,
        List<String> models,
        List<Tag> tags,
        List<Threshold> thresholds,
        @Nullable Enforcement enforcement,
        @Nullable Suspend suspend,
        @Nullable Anomaly anomaly) {
    public BudgetSpec {
        models = Absent.asEmpty(models);
        tags = Absent.asEmpty(tags);
        thresholds = Absent.asEmpty(thresholds);
    }

    /** Hold stops all spending: an emergency stop in Git. */
    @WireEnum
    public enum Suspend {
        @JsonProperty("Active")
        ACTIVE,
        @JsonProperty("Hold")
        HOLD,
        /** A value of a newer schema; the compiler refuses it. */
        @JsonEnumDefaultValue
        UNKNOWN
    }
}
