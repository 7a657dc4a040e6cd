package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.List;

/**
 * One attempt that wants to spend, or one that is under way and wants to spend more.
 *
 * @param request its team is the subject of budgets that count each namespace apart
 * @param attempt every attempt of a request has a claim of its own
 * @param budgets all that match caller and model; those without an amount are only checked
 * @param most that it can cost, proven; what it costs above its bound and within this is an
 *     overrun, above this the provider has broken its word
 */
public record Claim(
        LogRecord.Request request, LogRecord.Try attempt, List<BudgetEntry> budgets, Money most) {

    public Claim {
        budgets = List.copyOf(budgets);
        if (attempt.boundNanos() < 0) {
            throw new IllegalArgumentException(
                    "bound: " + attempt.boundNanos() + " nano-USD (expected: >= 0)");
        }
    }

    /** One that holds the most that it can cost. */
    public Claim(LogRecord.Request request, LogRecord.Try attempt, List<BudgetEntry> budgets) {
        this(request, attempt, budgets, new Money(attempt.boundNanos()));
    }

    /** What is to be held. */
    public Money bound() {
        return new Money(attempt.boundNanos());
    }

    /** Of the same attempt, once this one holds so much: for that much more, as Budgets are now. */
    Claim more(Money held, Money more, List<BudgetEntry> present) {
        var next =
                new LogRecord.Try(
                        attempt.number(),
                        attempt.provider(),
                        attempt.model(),
                        attempt.priceSource(),
                        more.nanos());
        return new Claim(request, next, present, most.minus(held));
    }
}
