package dev.tollgate.operator.status;

import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.policy.compile.Finding;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.violation.Violation;

/** What a Budget's status says of the last call that was billed above its bound. */
final class ViolationReport {

    private ViolationReport() {}

    static Finding finding(ViolationStatus last, BudgetEntry entry) {
        var what = Violation.told(last.request(), last.cost(), last.bound(), last.at());
        if (entry.acknowledges(last.at().toEpochMilli())) {
            return new Finding(
                    ConditionType.BOUND_VIOLATION,
                    Status.FALSE,
                    ConditionReason.ACKNOWLEDGED,
                    "acknowledged: " + what);
        }
        return new Finding(
                ConditionType.BOUND_VIOLATION,
                Status.TRUE,
                ConditionReason.BOUND_VIOLATION,
                what + consequence(last, entry) + Violation.remedy(last.at()));
    }

    private static String consequence(ViolationStatus last, BudgetEntry entry) {
        if (!last.stops()) {
            return "; nothing is refused for it, as the provider is another namespace's; ";
        }
        return switch (entry.mode()) {
            case HARD -> "; every request is refused; ";
            case SOFT, SHADOW -> "; nothing is refused for it in this mode; ";
        };
    }
}
