package dev.tollgate.policy.compile;

import dev.tollgate.crds.route.Conflict;
import dev.tollgate.crds.route.TargetCounts;
import java.util.List;

/** The counts of an object's status; api.md, sections 2 to 4. */
public sealed interface Figures {

    /**
     * @param models that it serves
     * @param inUseBy policies that refer to it
     */
    record OfProvider(int models, int inUseBy) implements Figures {}

    /**
     * @param effectiveModels names that it has not lost to another policy
     * @param conflicts those that it has, at most 16
     */
    record OfPolicy(TargetCounts targets, int effectiveModels, List<Conflict> conflicts)
            implements Figures {
        public OfPolicy {
            conflicts = List.copyOf(conflicts);
        }
    }

    /** A Budget's figures come from the ledger. */
    record OfBudget() implements Figures {}
}
