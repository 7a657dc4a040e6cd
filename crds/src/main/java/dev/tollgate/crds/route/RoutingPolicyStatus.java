package dev.tollgate.crds.route;

import dev.tollgate.crds.resource.Absent;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Wire;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the operator reports about a policy. */
@Wire
public record RoutingPolicyStatus(
        long observedGeneration,
        @Nullable TargetCounts targets,
        @Nullable Integer effectiveModels,
        List<Conflict> conflicts,
        List<CanaryStatus> canaries,
        List<Condition> conditions) {
    public RoutingPolicyStatus {
        conflicts = Absent.asEmpty(conflicts);
        canaries = Absent.asEmpty(canaries);
        conditions = Absent.asEmpty(conditions);
    }
}
