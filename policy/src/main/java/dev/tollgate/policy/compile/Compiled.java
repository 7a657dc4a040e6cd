package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.policy.canary.CanaryPlan;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The outcome of a compile.
 *
 * @param verdicts one for each ModelProvider, RoutingPolicy and Budget
 * @param credentials {@code namespace/secret/key} of every value that the snapshot refers to
 * @param accepted to be given to the next compile
 * @param problems of objects that have no status: malformed client keys
 * @param retirements of models that are used, whenever they are
 * @param canaries of the snapshot, by route ({@code namespace/policy/rule})
 */
public record Compiled(
        Snapshot snapshot,
        Map<ResourceKey, Verdict> verdicts,
        Set<String> credentials,
        LastAccepted accepted,
        List<Problem> problems,
        Map<String, CanaryPlan> canaries,
        List<Retirement> retirements) {

    public Compiled {
        verdicts = Map.copyOf(verdicts);
        credentials = Set.copyOf(credentials);
        problems = List.copyOf(problems);
        canaries = Map.copyOf(canaries);
        retirements = List.copyOf(retirements);
    }
}
