package dev.tollgate.operator.push;

import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.drill.DrillCount;
import dev.tollgate.policy.violation.Violation;
import java.util.List;

/** Told what the fleet did; called on the push server's event loop, must not block. */
public interface FleetListener {

    /** Statuses may differ now. */
    void changed(Fleet fleet);

    /** What a proxy has counted of rules with a canary, since it began. */
    default void counted(String proxy, List<CanaryCount> counts) {}

    /** What a proxy has counted of drills, since it began. */
    default void drilled(String proxy, List<DrillCount> counts) {}

    /** What a proxy has seen billed above its bound, as far as the snapshot does not show it. */
    default void violated(String proxy, List<Violation> violations) {}

    /** Every live proxy serves with this release. */
    void settled(Fleet fleet, Release release);

    /** A proxy refused a release. */
    void refused(Release release, List<Refusal> refusals);

    /**
     * A proxy has seen an epoch above ours: either a newer operator runs, or ours has lost its
     * memory.
     */
    void outrun(long epoch);
}
