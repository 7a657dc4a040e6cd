package dev.tollgate.operator.kube;

import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.route.RoutingPolicyStatus;
import dev.tollgate.operator.event.Notice;
import dev.tollgate.operator.event.Transitions;
import dev.tollgate.operator.status.Statuses;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The reconciler of RoutingPolicies. */
final class RoutingPolicyReconciler
        extends StatusReconciler<RoutingPolicyResource, RoutingPolicyStatus> {

    RoutingPolicyReconciler(World world) {
        super(Kind.ROUTING_POLICY, RoutingPolicyResource.class, world);
    }

    @Override
    RoutingPolicyResource fresh() {
        return new RoutingPolicyResource();
    }

    @Override
    Optional<RoutingPolicyStatus> status(
            Statuses statuses,
            ResourceKey key,
            long generation,
            @Nullable RoutingPolicyStatus before,
            @Nullable Instant written) {
        return statuses.policy(key, generation, before);
    }

    @Override
    List<Condition> conditions(RoutingPolicyStatus status) {
        return status.conditions();
    }

    @Override
    List<Notice> notices(@Nullable RoutingPolicyStatus before, RoutingPolicyStatus now) {
        return Transitions.of(before, now);
    }
}
