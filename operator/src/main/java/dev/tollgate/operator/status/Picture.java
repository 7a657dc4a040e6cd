package dev.tollgate.operator.status;

import dev.tollgate.crds.budget.ReclaimStatus;
import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.operator.push.Fleet;
import dev.tollgate.policy.compile.Verdict;
import dev.tollgate.policy.drill.Standing;
import dev.tollgate.policy.push.RateStore;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/**
 * All that statuses are made of, at one moment.
 *
 * @param rejections by object: what a proxy said of the generation that was judged
 * @param canaries by route
 * @param drills by provider, {@code namespace/name}
 * @param limited what has limits of requests, tokens or calls at a time
 * @param rateStores where each proxy counts them
 * @param reclaims what came of the last one, by Budget, {@code namespace/name}
 * @param violations the last one, by Budget, {@code namespace/name}
 * @param rotations when the credential of a provider last changed, as far as this process saw
 */
public record Picture(
        Map<ResourceKey, Verdict> verdicts,
        Map<ResourceKey, Rejection> rejections,
        Fleet fleet,
        Map<String, BudgetEntry> budgets,
        LedgerFigures ledger,
        Map<ResourceKey, Instant> rotations,
        Map<String, CanaryReport.Standing> canaries,
        Map<String, Standing> drills,
        Set<LimitKey> limited,
        Map<String, RateStore> rateStores,
        Map<String, ReclaimStatus> reclaims,
        Map<String, ViolationStatus> violations) {

    public Picture {
        verdicts = Map.copyOf(verdicts);
        rejections = Map.copyOf(rejections);
        budgets = Map.copyOf(budgets);
        rotations = Map.copyOf(rotations);
        canaries = Map.copyOf(canaries);
        drills = Map.copyOf(drills);
        limited = Set.copyOf(limited);
        rateStores = Map.copyOf(rateStores);
        reclaims = Map.copyOf(reclaims);
        violations = Map.copyOf(violations);
    }

    /** Path and text of a NACK that concerns one generation of an object. */
    public record Rejection(long generation, String text) {}

    /** Before the first compile. */
    public static Picture empty(Fleet fleet) {
        return new Picture(
                Map.of(),
                Map.of(),
                fleet,
                Map.of(),
                LedgerFigures.NONE,
                Map.of(),
                Map.of(),
                Map.of(),
                Set.of(),
                Map.of(),
                Map.of(),
                Map.of());
    }
}
