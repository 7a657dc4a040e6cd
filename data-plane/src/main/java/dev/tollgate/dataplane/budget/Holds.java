package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Budgets that let nothing pass, whatever it costs: blocked ones and suspended ones. */
public final class Holds {

    private Holds() {}

    /** The refusal by the first of them that holds; null: none does. */
    public static Admission.@Nullable Refused first(List<BudgetEntry> budgets) {
        for (var budget : budgets) {
            var refused = of(budget);
            if (refused != null) {
                return refused;
            }
        }
        return null;
    }

    static Admission.@Nullable Refused of(BudgetEntry entry) {
        if (entry.blocked() != null) {
            return refused(
                    RefusalKind.BLOCKED,
                    entry,
                    "Budget " + entry.key() + " is not valid: " + entry.blocked());
        }
        return entry.suspended()
                ? refused(RefusalKind.SUSPENDED, entry, "Budget " + entry.key() + " is suspended")
                : null;
    }

    private static Admission.Refused refused(RefusalKind kind, BudgetEntry entry, String message) {
        var limit = entry.limitMicros();
        return new Admission.Refused(
                kind,
                entry.key(),
                limit == null ? Money.ZERO : Money.ofMicros(limit),
                Money.ZERO,
                null,
                Duration.ZERO,
                message);
    }
}
