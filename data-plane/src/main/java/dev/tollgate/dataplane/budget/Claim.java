package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * One attempt that wants to spend, or one that is under way and wants to spend more.
 *
 * @param request its team is the subject of budgets that count each namespace apart
 * @param attempt every attempt of a request has a claim of its own
 * @param budgets all that match caller and model; those without an amount are only checked
 * @param most that it can cost; what it costs above its bound and within this is an overrun
 * @param proven above the most the provider has broken its word; else the most is a ceiling that
 *     somebody declared, and a cost above it is an overrun too
 * @param earlier what earlier claims of the same attempt hold
 * @param scope the namespace whose Budgets a provider that breaks its word stops; empty: all, as
 *     the provider is the platform's
 * @param least what the request needs with the shortest answer that is of use, asked for when a
 *     Budget is short; zero: no request is refused with the claim
 * @param waitedNanos how long earlier claims of the request have waited for the ledger: this one
 *     waits so much less
 * @param asHard what Budgets in mode Shadow would hold of it, were they Hard, by their keys; of one
 *     that is not there: the bound
 */
public record Claim(
        LogRecord.Request request,
        LogRecord.Try attempt,
        List<BudgetEntry> budgets,
        Money most,
        boolean proven,
        Money earlier,
        String scope,
        Supplier<Money> least,
        long waitedNanos,
        Map<String, Money> asHard) {

    private static final Supplier<Money> REFUSES_NOBODY = () -> Money.ZERO;

    public Claim {
        budgets = List.copyOf(budgets);
        asHard = Map.copyOf(asHard);
        if (attempt.boundNanos() < 0) {
            throw new IllegalArgumentException(
                    "bound: " + attempt.boundNanos() + " nano-USD (expected: >= 0)");
        }
    }

    /** The first of an attempt; no request is refused with it. */
    public Claim(
            LogRecord.Request request,
            LogRecord.Try attempt,
            List<BudgetEntry> budgets,
            Money most,
            boolean proven,
            String scope) {
        this(
                request,
                attempt,
                budgets,
                most,
                proven,
                Money.ZERO,
                scope,
                REFUSES_NOBODY,
                0,
                Map.of());
    }

    /** The same, of a request that is refused with it. */
    public Claim withLeast(Supplier<Money> useful) {
        return with(useful, waitedNanos, asHard);
    }

    /** The same, of a request that has waited before. */
    public Claim waited(long nanos) {
        return nanos == 0 ? this : with(least, nanos, asHard);
    }

    /** The same, of a request of which Budgets in mode Shadow would hold something else. */
    public Claim asHard(Map<String, Money> amounts) {
        return amounts.isEmpty() ? this : with(least, waitedNanos, amounts);
    }

    private Claim with(Supplier<Money> useful, long waited, Map<String, Money> amounts) {
        return new Claim(
                request, attempt, budgets, most, proven, earlier, scope, useful, waited, amounts);
    }

    /** Whether a bill above the most stops this Budget. */
    boolean stops(BudgetEntry entry) {
        return scope.isEmpty() || entry.isIn(scope);
    }

    /**
     * The Budget of that key.
     *
     * @param key {@code namespace/name}
     */
    BudgetEntry budget(String key) {
        for (var entry : budgets) {
            if (entry.key().equals(key)) {
                return entry;
            }
        }
        throw new IllegalStateException(key + " is not in the claim");
    }

    /** What is to be held. */
    public Money bound() {
        return new Money(attempt.boundNanos());
    }

    /** It costs nothing. One that holds nothing and is not proven is one that nothing bounds. */
    boolean isFree() {
        return attempt.boundNanos() == 0 && proven;
    }

    /**
     * What must be left of a Budget, or the request is refused; zero: it is not refused for that.
     *
     * @param budget {@code namespace/name}
     */
    Money needed(String budget) {
        for (var entry : budgets) {
            if (entry.key().equals(budget) && entry.mode() == Mode.HARD) {
                var shortest = least.get();
                boolean shorter = entry.clamps() && bound().isMoreThan(shortest);
                return shorter || shortest.nanos() == 0 ? shortest : bound();
            }
        }
        return Money.ZERO;
    }

    /** What that Budget would hold, were it Hard. */
    Money asHard(BudgetEntry shadow) {
        return asHard.isEmpty() ? bound() : asHard.getOrDefault(shadow.key(), bound());
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
        var left = most.minus(held);
        return new Claim(
                request, next, present, left, proven, held, scope, REFUSES_NOBODY, 0, Map.of());
    }
}
