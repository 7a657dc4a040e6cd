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
        var what =
                "request %s cost %s USD, above its bound of %s USD, at %s"
                        .formatted(last.request(), last.cost(), last.bound(), last.at());
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
                what
                        + switch (entry.mode()) {
                            case HARD -> "; every request is refused; ";
                            case SOFT, SHADOW -> "; nothing is refused for it in this mode; ";
                        }
                        + Violation.remedy(last.at()));
    }
}
