package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.ModelEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import org.jspecify.annotations.Nullable;

/** A target that may serve, with its provider and model. */
public record Candidate(RuleEntry.TargetEntry target, ProviderEntry provider, ModelEntry model) {

    public int priority() {
        return target.priority();
    }

    public int weight() {
        return target.weight();
    }

    /** 1..100: the target's own, else the model's. */
    public int quality() {
        var own = target.quality();
        return own == null ? model.quality() : own;
    }

    /** The target's API version, else the provider's; null: the type's default. */
    public @Nullable String apiVersion() {
        return target.apiVersion() != null ? target.apiVersion() : provider.apiVersion();
    }
}
