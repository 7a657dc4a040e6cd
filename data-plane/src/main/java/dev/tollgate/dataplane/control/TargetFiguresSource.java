package dev.tollgate.dataplane.control;

import dev.tollgate.policy.push.BoundViolation;
import dev.tollgate.policy.push.CanaryFigures;
import dev.tollgate.policy.push.DrillFigures;
import dev.tollgate.policy.push.TargetFigures;
import java.util.List;

/** What this proxy tells the operator of what it saw; asked every 5 s. */
@FunctionalInterface
public interface TargetFiguresSource {
    /** Of each (provider, model) in the last minute. */
    List<TargetFigures> figures();

    /** Of each target of rules with a canary. */
    default List<CanaryFigures> canaries() {
        return List.of();
    }

    /** Of each drill that the operator has asked for. */
    default List<DrillFigures> drills() {
        return List.of();
    }

    /** Calls that were billed above their bound, until the snapshot shows them. */
    default List<BoundViolation> violations() {
        return List.of();
    }
}
