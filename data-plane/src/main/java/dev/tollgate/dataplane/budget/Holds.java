package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.violation.Violation;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Budgets that let nothing pass, whatever it costs: blocked ones, suspended ones, and Hard ones
 * that were billed above a bound.
 */
public final class Holds {

    private Holds() {}

    /**
     * The refusal by the first of them that holds; null: none does.
     *
     * @param namespace the caller's: others are not told of the request that a Budget is stopped by
     */
    public static Admission.@Nullable Refused first(
            List<BudgetEntry> budgets, String namespace, BoundViolations violations) {
        for (var budget : budgets) {
            var refused = of(budget, namespace, violations);
            if (refused != null) {
                return refused;
            }
        }
        return null;
    }

    static Admission.@Nullable Refused of(
            BudgetEntry entry, String namespace, BoundViolations violations) {
        if (entry.blocked() != null) {
            return refused(
                    RefusalKind.BLOCKED,
                    entry,
                    "Budget " + entry.key() + " is not valid: " + entry.blocked());
        }
        if (entry.suspended()) {
            return refused(RefusalKind.SUSPENDED, entry, "Budget " + entry.key() + " is suspended");
        }
        var seen = violations.stopping(entry);
        if (seen != null) {
            return refused(
                    RefusalKind.SUSPENDED,
                    entry,
                    entry.isIn(namespace)
                            ? stopped(entry, seen.told()) + Violation.remedy(seen.at())
                            : stopped(entry, seen.at()));
        }
        return entry.violated() ? refused(RefusalKind.SUSPENDED, entry, stopped(entry)) : null;
    }

    /** Why one that the snapshot shows a violation of lets nothing pass. */
    public static String stopped(BudgetEntry entry) {
        var at = entry.violatedAtMillis();
        if (at == null) {
            throw new IllegalArgumentException(entry.key() + " (expected: one with a violation)");
        }
        return stopped(entry, Instant.ofEpochMilli(at));
    }

    private static String stopped(BudgetEntry entry, Instant at) {
        return stopped(entry, "a request was billed above its bound at " + at)
                + "its status.lastViolation names it; "
                + Violation.remedy(at);
    }

    private static String stopped(BudgetEntry entry, String what) {
        return "Budget " + entry.key() + " is stopped: " + what + "; ";
    }

    private static Admission.Refused refused(RefusalKind kind, BudgetEntry entry, String message) {
        var limit = entry.limitMicros();
        return new Admission.Refused(
                kind,
                entry.key(),
                limit == null ? Money.ZERO : Money.ofMicros(limit),
                null,
                null,
                Duration.ZERO,
                message);
    }
}
