package dev.tollgate.operator.kube;

import dev.tollgate.crds.provider.ModelProviderStatus;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.operator.event.Notice;
import dev.tollgate.operator.event.Transitions;
import dev.tollgate.operator.status.Statuses;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The reconciler of ModelProviders. */
final class ModelProviderReconciler
        extends StatusReconciler<ModelProviderResource, ModelProviderStatus> {

    ModelProviderReconciler(World world) {
        super(Kind.MODEL_PROVIDER, ModelProviderResource.class, world);
    }

    @Override
    ModelProviderResource fresh() {
        return new ModelProviderResource();
    }

    @Override
    Optional<ModelProviderStatus> status(
            Statuses statuses,
            ResourceKey key,
            long generation,
            @Nullable ModelProviderStatus before,
            @Nullable Instant written) {
        return statuses.provider(key, generation, before);
    }

    @Override
    List<Condition> conditions(ModelProviderStatus status) {
        return status.conditions();
    }

    @Override
    List<Notice> notices(@Nullable ModelProviderStatus before, ModelProviderStatus now) {
        return Transitions.of(before, now);
    }
}
