package dev.tollgate.operator.kube;

import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.operator.event.EachTold;
import dev.tollgate.operator.event.Notice;
import dev.tollgate.operator.event.Transitions;
import dev.tollgate.operator.status.Statuses;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The reconciler of Budgets. */
final class BudgetReconciler extends StatusReconciler<BudgetResource, BudgetStatus> {

    private final EachTold each = new EachTold();

    BudgetReconciler(World world) {
        super(Kind.BUDGET, BudgetResource.class, world);
    }

    @Override
    BudgetResource fresh() {
        return new BudgetResource();
    }

    @Override
    Optional<BudgetStatus> status(
            Statuses statuses,
            ResourceKey key,
            long generation,
            @Nullable BudgetStatus before,
            @Nullable Instant written) {
        return statuses.budget(key, generation, before, written);
    }

    @Override
    List<Condition> conditions(BudgetStatus status) {
        return status.conditions();
    }

    @Override
    List<Notice> notices(@Nullable BudgetStatus before, BudgetStatus now) {
        return Transitions.of(before, now);
    }

    @Override
    Optional<Notice> notice(Statuses statuses, String uid, ResourceKey key, long generation) {
        return statuses.countsEach(key, generation).flatMap(is -> each.next(uid, is));
    }

    @Override
    void forget(String uid) {
        each.forget(uid);
    }
}
