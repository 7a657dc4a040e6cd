package dev.tollgate.operator.status;

import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.Ladder;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.compile.Finding;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the ledger says of one Budget in its present window. A Budget that counts every namespace
 * apart reports the account that is nearest to its limit.
 *
 * @param spentMicros settled and overrun, since the last reset
 * @param reservedMicros in leases of proxies
 * @param violationMicros what providers billed above the bounds that a Hard Budget held, in all its
 *     accounts of the window
 * @param steps of the ladder that are in force, rising
 * @param handledReset the reset that was asked for, once it is done or its window is over
 * @param burnPerDayMicros mean of the window so far; 0 for Lifetime
 * @param emptyAt when the rest is spent at that pace; null: not in this window
 */
public record BudgetReport(
        @Nullable Instant periodStart,
        @Nullable Instant resets,
        long limitMicros,
        long spentMicros,
        long reservedMicros,
        long violationMicros,
        List<Step> steps,
        @Nullable Instant handledReset,
        long burnPerDayMicros,
        @Nullable Instant emptyAt) {

    private static final long SECONDS_OF_DAY = 86_400;

    /** Between two writes of figures alone, of one Budget (api.md, B10). */
    private static final Duration QUIET = Duration.ofSeconds(30);

    /** The same of any two Budgets: four a second, however many there are. */
    private static final Duration QUIET_OF_ALL = Duration.ofMillis(250);

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
        var fullest = own.stream().max(Comparator.comparingLong(Account::spentMicros));
        // Soft lets requests in flight exceed the amount, and Shadow all: no fault of a bound
        boolean hard = budget.mode() == BudgetEntry.Mode.HARD;
        long spent = fullest.map(Account::spentMicros).orElse(0L);
        long burn = burn(window, fullest, spent, now);
        return new BudgetReport(
                window.start() == null ? null : window.start().truncatedTo(ChronoUnit.SECONDS),
                window.end() == null ? null : window.end().truncatedTo(ChronoUnit.SECONDS),
                limit,
                spent,
                fullest.map(Account::outstandingMicros).orElse(0L),
                hard ? own.stream().mapToLong(Account::overrunMicros).sum() : 0,
                Ladder.reached(budget, spent),
                handledReset(budget, window, own, now),
                burn,
                emptyAt(window, limit - spent, burn, now));
    }

    /** Micro-dollars of a day, at the mean pace of the window, or since its last reset. */
    private static long burn(Window window, Optional<Account> account, long spent, Instant now) {
        var since = account.map(Account::resetAt).orElse(window.start());
        if (since == null || window.start() == null) {
            return 0;
        }
        var from = since.isBefore(window.start()) ? window.start() : since;
        long seconds = Math.max(1, Duration.between(from, now).toSeconds());
        return BigInteger.valueOf(spent)
                .multiply(BigInteger.valueOf(SECONDS_OF_DAY))
                .divide(BigInteger.valueOf(seconds))
                .min(BigInteger.valueOf(Account.MAX_MICROS))
                .longValueExact();
    }

    private static @Nullable Instant emptyAt(Window window, long left, long burn, Instant now) {
        if (burn <= 0 || left <= 0 || window.end() == null) {
            return null;
        }
        var seconds =
                BigInteger.valueOf(left)
                        .multiply(BigInteger.valueOf(SECONDS_OF_DAY))
                        .divide(BigInteger.valueOf(burn));
        long most = Duration.between(now, window.end()).toSeconds();
        return seconds.compareTo(BigInteger.valueOf(most)) >= 0
                ? null
                : now.plusSeconds(seconds.longValueExact()).truncatedTo(ChronoUnit.MINUTES);
    }

    private static @Nullable Instant handledReset(
            BudgetEntry budget, Window window, List<Account> own, Instant now) {
        if (budget.resetAtMillis() == null) {
            return null;
        }
        var asked = Instant.ofEpochMilli(budget.resetAtMillis());
        boolean past = window.start() != null && asked.isBefore(window.start());
        boolean done =
                !asked.isAfter(now)
                        && own.stream()
                                .map(Account::resetAt)
                                .allMatch(reset -> reset != null && !reset.isBefore(asked));
        return past || done ? asked : null;
    }

    List<String> activeSteps() {
        return steps.stream().map(Step::name).toList();
    }

    /** Empty: it has no ladder. */
    Optional<Finding> thresholdReached(BudgetEntry budget) {
        if (budget.steps().isEmpty()) {
            return Optional.empty();
        }
        if (steps.isEmpty()) {
            return Optional.of(
                    new Finding(
                            ConditionType.THRESHOLD_REACHED,
                            Status.FALSE,
                            ConditionReason.WITHIN_BUDGET,
                            "no step is reached"));
        }
        return Optional.of(
                new Finding(
                        ConditionType.THRESHOLD_REACHED,
                        Status.TRUE,
                        ConditionReason.THRESHOLD_REACHED,
                        "reached: "
                                + steps.stream()
                                        .map(BudgetReport::told)
                                        .collect(Collectors.joining("; "))));
    }

    private static String told(Step step) {
        var what =
                switch (step.action()) {
                    case ALERT -> "only told";
                    case DOWNGRADE -> step.downgradeTo() + " serves";
                    case CAP_OUTPUT -> "at most " + step.maxOutputTokens() + " output tokens";
                    case BLOCK -> "refuses";
                };
        return step.name() + " at " + step.percent() + " % (" + what + ")";
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
     *
     * @param budgets how many there are
     */
    boolean due(BudgetStatus before, @Nullable Instant written, int budgets, Instant now) {
        if (before.spent() == null
                || !Objects.equals(before.periodStart(), periodStart)
                || !Objects.equals(before.resets(), resets)
                || !before.activeSteps().equals(activeSteps())
                || handledReset != null
                        && !handledReset.toString().equals(before.lastHandledReset())) {
            return true;
        }
        boolean moved = before.usedPercent() == null || before.usedPercent() != usedPercent();
        return moved && (written == null || !written.plus(quiet(budgets)).isAfter(now));
    }

    private static Duration quiet(int budgets) {
        var all = QUIET_OF_ALL.multipliedBy(budgets);
        return all.compareTo(QUIET) > 0 ? all : QUIET;
    }
}
