package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.crds.resource.ResourceKey;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the compiler says of one object.
 *
 * @param generation the one that was judged
 * @param servedGeneration the one that is in the snapshot; null: none
 * @param findings conditions that the compiler decides: Accepted, ResolvedRefs, and by kind
 *     Conflicted and ModelDeprecated
 * @param usable it counts as ready once programmed: references resolved, or at least one target
 */
public record Verdict(
        ResourceKey object,
        long generation,
        @Nullable Long servedGeneration,
        List<Finding> findings,
        boolean usable,
        List<Problem> problems,
        Figures figures) {

    public Verdict {
        findings = List.copyOf(findings);
        problems = List.copyOf(problems);
    }

    public boolean accepted() {
        return finding(ConditionType.ACCEPTED).map(Finding::isTrue).orElse(false);
    }

    public Optional<Finding> finding(ConditionType type) {
        return findings.stream().filter(finding -> finding.type() == type).findFirst();
    }
}
