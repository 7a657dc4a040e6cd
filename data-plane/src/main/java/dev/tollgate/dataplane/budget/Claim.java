package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.List;

/**
 * One attempt that wants to spend.
 *
 * @param request its team is the subject of budgets that count each namespace apart
 * @param attempt every attempt of a request has a claim of its own
 * @param budgets all that match caller and model; those without an amount are only checked
 */
public record Claim(LogRecord.Request request, LogRecord.Try attempt, List<BudgetEntry> budgets) {

    public Claim {
        budgets = List.copyOf(budgets);
        if (attempt.boundNanos() < 0) {
            throw new IllegalArgumentException(
                    "bound: " + attempt.boundNanos() + " nano-USD (expected: >= 0)");
        }
    }

    /** The most that the attempt can cost. */
    public Money bound() {
        return new Money(attempt.boundNanos());
    }
}
