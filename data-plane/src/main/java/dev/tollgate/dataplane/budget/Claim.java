package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.List;

/**
 * One attempt that wants to spend.
 *
 * @param attempt from 1; every attempt of a request has a claim of its own
 * @param namespace the authenticated caller's: the subject of budgets that count each namespace
 *     apart
 * @param budgets all that match caller and model; those without an amount are only checked
 * @param bound the most that the attempt can cost
 * @param priceSource the price book's version, pinned for the record
 */
public record Claim(
        String requestId,
        int attempt,
        String namespace,
        List<BudgetEntry> budgets,
        Money bound,
        String priceSource) {

    public Claim {
        budgets = List.copyOf(budgets);
        if (bound.nanos() < 0) {
            throw new IllegalArgumentException("bound: " + bound + " (expected: >= 0)");
        }
    }
}
