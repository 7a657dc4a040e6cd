package dev.tollgate.operator.status;

import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.compile.Finding;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the ledger says of one Budget in its present window. A Budget that counts every namespace
 * apart reports the account that is nearest to its limit.
 *
 * @param spentMicros settled and overrun
 * @param reservedMicros in leases of proxies
 * @param violationMicros what providers billed above the bounds that a Hard Budget held, in all its
 *     accounts of the window
 */
public record BudgetReport(
        @Nullable Instant periodStart,
        @Nullable Instant resets,
        long limitMicros,
        long spentMicros,
        long reservedMicros,
        long violationMicros) {

    /** Between two writes of figures alone (api.md, B10). */
    public static final Duration QUIET = Duration.ofSeconds(30);

    /** Null if the Budget has no amount. */
    static @Nullable BudgetReport of(BudgetEntry budget, List<Account> accounts, Instant now) {
        var period = budget.period();
        var limit = budget.limitMicros();
        if (period == null || limit == null) {
            return null;
        }
        var window = Window.of(period, now);
        var own =
                accounts.stream()
                        .filter(a -> a.key().budget().equals(budget.key()))
                        .filter(a -> Objects.equals(a.key().windowStart(), window.start()))
                        .toList();
        var fullest = own.stream().max(Comparator.comparingLong(BudgetReport::spent));
        // Soft lets requests in flight exceed the amount, and Shadow all: no fault of a bound
        boolean hard = budget.mode() == BudgetEntry.Mode.HARD;
        return new BudgetReport(
                window.start() == null ? null : window.start().truncatedTo(ChronoUnit.SECONDS),
                window.end() == null ? null : window.end().truncatedTo(ChronoUnit.SECONDS),
                limit,
                fullest.map(BudgetReport::spent).orElse(0L),
                fullest.map(Account::outstandingMicros).orElse(0L),
                hard ? own.stream().mapToLong(Account::overrunMicros).sum() : 0);
    }

    private static long spent(Account account) {
        return Math.addExact(account.settledMicros(), account.overrunMicros());
    }

    /** Whole percent, rounded down: 100 only when nothing is left. */
    int usedPercent() {
        if (limitMicros == 0) {
            return 100;
        }
        // at most 2^53 micro-USD, so the product fits
        return (int)
                Math.min(Integer.MAX_VALUE, Math.multiplyExact(spentMicros, 100L) / limitMicros);
    }

    long remainingMicros() {
        return Math.max(0, limitMicros - spentMicros - reservedMicros);
    }

    Finding exhausted() {
        return spentMicros >= limitMicros
                ? new Finding(
                        ConditionType.EXHAUSTED,
                        Status.TRUE,
                        ConditionReason.EXHAUSTED,
                        resets == null
                                ? "the amount is spent"
                                : "the amount is spent until " + resets)
                : new Finding(
                        ConditionType.EXHAUSTED,
                        Status.FALSE,
                        ConditionReason.WITHIN_BUDGET,
                        "money is left");
    }

    /** Empty: no provider billed more than was held. */
    Optional<Finding> boundViolation() {
        return violationMicros == 0
                ? Optional.empty()
                : Optional.of(
                        new Finding(
                                ConditionType.BOUND_VIOLATION,
                                Status.TRUE,
                                ConditionReason.BILLED_ABOVE_BOUND,
                                "providers billed $"
                                        + dollars(violationMicros)
                                        + " above the bounds that were held: see the proxies' logs"
                                        + " for the requests, and check prices and limits of their"
                                        + " models"));
    }

    static String dollars(long micros) {
        return Money.ofMicros(micros).toString();
    }

    /**
     * Whether the figures are worth a write: another window, or usedPercent moved and the last
     * write is long enough ago.
     */
    boolean due(BudgetStatus before, @Nullable Instant written, Instant now) {
        if (before.spent() == null
                || !Objects.equals(before.periodStart(), periodStart)
                || !Objects.equals(before.resets(), resets)) {
            return true;
        }
        boolean moved = before.usedPercent() == null || before.usedPercent() != usedPercent();
        return moved && (written == null || !written.plus(QUIET).isAfter(now));
    }
}
