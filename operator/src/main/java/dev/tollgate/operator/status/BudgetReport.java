package dev.tollgate.operator.status;

import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.resource.Condition.Status;
import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ConditionType;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.Ladder;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.compile.Finding;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.ObjLongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the ledger says of one Budget in its present window. A Budget that counts every namespace
 * apart reports the account that is nearest to its limit.
 *
 * @param spentMicros settled and overrun, since the last reset
 * @param reservedMicros in leases of proxies
 * @param steps of the ladder that are in force, rising
 * @param handledReset the reset that was asked for, once it is done or its window is over
 * @param burnPerDayMicros mean of the window so far, for Lifetime of what was seen of late; null:
 *     not known yet
 * @param emptyAt when the rest is spent at that pace; null: not in this window, or not known
 * @param fullest the account; null: there is none yet
 * @param accounts all of the window: one, or one of each namespace that has spent
 * @param unreadable an account of this window cannot be read: which, and why; null: all can
 */
public record BudgetReport(
        @Nullable Instant periodStart,
        @Nullable Instant resets,
        long limitMicros,
        long spentMicros,
        long reservedMicros,
        List<Step> steps,
        @Nullable Instant handledReset,
        @Nullable Long burnPerDayMicros,
        @Nullable Instant emptyAt,
        @Nullable AccountKey fullest,
        List<Standing> accounts,
        AccountStore.@Nullable Damaged unreadable) {

    /**
     * One account.
     *
     * @param steps of the ladder that are in force
     * @param leftMicros what is not spent and may be spent still
     * @param refused less is left than somebody needs who was refused
     * @param frozen nobody gets money until all proxies have told what they hold
     * @param full no proxy that has no lease yet gets money: it has as many as it may have
     */
    public record Standing(
            AccountKey key,
            List<Step> steps,
            boolean spent,
            long leftMicros,
            boolean refused,
            boolean frozen,
            boolean full) {}

    private static final String SHORT = "less is left";

    /** A lease that is reclaimed keeps its place: its holder is to be known if it comes back. */
    private static final String HINT =
            "; see tollgate ledger show, and tollgate ledger reclaim for the money of lost proxies,"
                    + " whose leases stay counted";

    private static final long SECONDS_OF_DAY = 86_400;

    /** Nobody knows what a pace is by then: when a Lifetime Budget is empty is not told. */
    private static final Duration FAR = Duration.ofDays(3_650);

    /** Statuses are looked at every 2 s. */
    private static final long SECONDS_OF_TURN = 10;

    /** Between two writes of figures alone, of one Budget (api.md, B10). */
    private static final Duration QUIET = Duration.ofSeconds(30);

    /** The same, of figures that moved by less than a percent. */
    private static final Duration QUIET_OF_LITTLE = Duration.ofMinutes(5);

    /**
     * Writes of all Budgets together, however many there are: accounts take 15 of the 20 that the
     * API server is to see, Events and Leases one.
     */
    private static final int WRITES_PER_SECOND = 3;

    /** Null if the Budget has no amount. */
    static @Nullable BudgetReport of(BudgetEntry budget, LedgerFigures ledger, Instant now) {
        var period = budget.period();
        var limit = budget.limitMicros();
        if (period == null || limit == null) {
            return null;
        }
        var window = Window.of(period, now);
        var own = ledger.accounts().stream().filter(a -> isOf(a.key(), budget, window)).toList();
        var fullest = own.stream().max(Comparator.comparingLong(Account::spentMicros));
        long spent = fullest.map(Account::spentMicros).orElse(0L);
        var burn =
                window.start() == null
                        ? fullest.isEmpty() ? (Long) 0L : ledger.paces().get(fullest.get().key())
                        : (Long) burn(window.start(), fullest, spent, now);
        var damaged =
                ledger.unreadable().stream()
                        .filter(each -> isOf(each.key(), budget, window))
                        .findFirst()
                        .orElse(null);
        return new BudgetReport(
                window.start() == null ? null : window.start().truncatedTo(ChronoUnit.SECONDS),
                window.end() == null ? null : window.end().truncatedTo(ChronoUnit.SECONDS),
                limit,
                spent,
                fullest.map(Account::outstandingMicros).orElse(0L),
                Ladder.reached(budget, spent),
                handledReset(budget, window, own, damaged == null, now),
                burn,
                emptyAt(window, limit - spent, burn, now),
                fullest.map(Account::key).orElse(null),
                own.stream().map(a -> standing(a, budget, limit, ledger)).toList(),
                damaged);
    }

    private static Standing standing(
            Account account, BudgetEntry budget, long limit, LedgerFigures ledger) {
        return new Standing(
                account.key(),
                Ladder.reached(budget, account.spentMicros()),
                account.spentMicros() >= limit,
                left(account, limit),
                isShort(account, limit, ledger.refused().getOrDefault(account.key(), 0L)),
                ledger.frozen().contains(account.key()),
                account.leases().size() >= Account.MAX_LEASES);
    }

    private static boolean isOf(@Nullable AccountKey key, BudgetEntry budget, Window window) {
        return key != null
                && key.budget().equals(budget.key())
                && key.subject().isEmpty() != budget.perNamespace()
                && key.window().equals(window);
    }

    /** What leases hold counts, but for those whose holders are lost: it is spent or comes back. */
    private static long left(Account account, long limit) {
        return limit - account.spentMicros() - account.suspectMicros();
    }

    /** A need above the whole amount says nothing. */
    private static boolean isShort(Account account, long limit, long neededMicros) {
        return neededMicros > 0 && neededMicros <= limit && left(account, limit) < neededMicros;
    }

    /** Micro-dollars of a day, at the mean pace of the window, or since its last reset. */
    private static long burn(Instant start, Optional<Account> account, long spent, Instant now) {
        // of an account that was restored nobody knows when it was spent
        var since = account.filter(a -> a.resetMicros() > 0).map(Account::resetAt).orElse(start);
        var from = since.isBefore(start) ? start : since;
        long seconds = Math.max(1, Duration.between(from, now).toSeconds());
        return BigInteger.valueOf(spent)
                .multiply(BigInteger.valueOf(SECONDS_OF_DAY))
                .divide(BigInteger.valueOf(seconds))
                .min(BigInteger.valueOf(Account.MAX_MICROS))
                .longValueExact();
    }

    private static @Nullable Instant emptyAt(
            Window window, long left, @Nullable Long burn, Instant now) {
        if (burn == null || burn <= 0 || left <= 0) {
            return null;
        }
        var seconds =
                BigInteger.valueOf(left)
                        .multiply(BigInteger.valueOf(SECONDS_OF_DAY))
                        .divide(BigInteger.valueOf(burn));
        var end = window.end() == null ? now.plus(FAR) : window.end();
        long most = Duration.between(now, end).toSeconds();
        return seconds.compareTo(BigInteger.valueOf(most)) >= 0
                ? null
                : now.plusSeconds(seconds.longValueExact()).truncatedTo(ChronoUnit.MINUTES);
    }

    private static @Nullable Instant handledReset(
            BudgetEntry budget, Window window, List<Account> own, boolean all, Instant now) {
        if (budget.resetAtMillis() == null) {
            return null;
        }
        var asked = Instant.ofEpochMilli(budget.resetAtMillis());
        boolean past = window.start() != null && asked.isBefore(window.start());
        boolean done =
                all
                        && !asked.isAfter(now)
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
        var named = reached(budget, true);
        return Optional.of(
                new Finding(
                        ConditionType.THRESHOLD_REACHED,
                        Status.TRUE,
                        ConditionReason.THRESHOLD_REACHED,
                        named.length() <= Conditions.MAX_MESSAGE_CHARS
                                ? named
                                : reached(budget, false)));
    }

    private String reached(BudgetEntry budget, boolean named) {
        boolean shadow = budget.mode() == Mode.SHADOW;
        var told = new ArrayList<String>();
        for (var step : budget.steps()) {
            var in = subjects(account -> account.steps().contains(step));
            if (!in.isEmpty() || steps.contains(step)) {
                told.add(told(step, shadow) + Named.in(in, named));
            }
        }
        return (shadow ? "reached, and only told in mode Shadow: " : "reached: ")
                + String.join("; ", told);
    }

    private List<String> subjects(Predicate<Standing> which) {
        return accounts.stream().filter(which).map(a -> a.key().subject()).toList();
    }

    private static List<String> subject(AccountStore.Damaged account) {
        return account.key() == null ? List.of() : List.of(account.key().subject());
    }

    private static String told(Step step, boolean shadow) {
        var what =
                switch (step.action()) {
                    case ALERT -> "only told";
                    case DOWNGRADE -> step.downgradeTo() + (shadow ? " would serve" : " serves");
                    case CAP_OUTPUT -> "at most " + step.maxOutputTokens() + " output tokens";
                    case BLOCK -> shadow ? "would refuse" : "refuses";
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

    /**
     * @param said {@link #refusedBefore} of an earlier operator
     */
    Finding exhausted(Mode mode, Set<String> said) {
        var clauses = new ArrayList<String>(2);
        if (spentMicros >= limitMicros) {
            clauses.add("the amount is spent" + Named.in(subjects(Standing::spent), true));
        }
        // Soft refuses nobody before all of it is spent, whatever the ledger does not grant
        var shorts =
                mode == Mode.SOFT
                        ? List.<String>of()
                        : subjects(
                                a ->
                                        !a.spent()
                                                && (a.refused()
                                                        || said.contains(a.key().subject())));
        if (!shorts.isEmpty()) {
            clauses.add(
                    SHORT
                            + (mode == Mode.SHADOW
                                    ? " than a request needs"
                                    : " than a refused request needs")
                            + Named.in(shorts, true));
        }
        if (!clauses.isEmpty()) {
            return new Finding(
                    ConditionType.EXHAUSTED,
                    Status.TRUE,
                    ConditionReason.EXHAUSTED,
                    String.join("; ", clauses)
                            + (resets == null ? "" : " until " + resets)
                            + consequence(mode));
        }
        var damaged = unreadable;
        if (damaged != null) {
            return new Finding(
                    ConditionType.EXHAUSTED,
                    Status.TRUE,
                    ConditionReason.LEDGER_UNREADABLE,
                    "nothing is granted"
                            + Named.in(subject(damaged), true)
                            + " until somebody mends its account: "
                            + damaged.name()
                            + ": "
                            + damaged.reason()
                            + (mode == Mode.SHADOW ? consequence(mode) : ""));
        }
        var frozen = subjects(Standing::frozen);
        if (!frozen.isEmpty()) {
            return new Finding(
                    ConditionType.EXHAUSTED,
                    Status.TRUE,
                    ConditionReason.LEDGER_FROZEN,
                    frozen(frozen)
                            + (mode == Mode.SOFT ? "; mode Soft goes on without" : "")
                            + (mode == Mode.SHADOW ? consequence(mode) : ""));
        }
        var full = subjects(Standing::full);
        if (!full.isEmpty()) {
            return new Finding(
                    ConditionType.EXHAUSTED,
                    Status.TRUE,
                    ConditionReason.LEDGER_FULL,
                    "money is left, but none for proxies that have no lease yet"
                            + Named.in(full, true)
                            + ": "
                            + Account.MAX_LEASES
                            + " are counted, until one is closed"
                            + (resets == null
                                    ? " (a Lifetime Budget has no window that ends: if most are of"
                                            + " lost proxies, create another Budget)"
                                    : " or the window ends")
                            + HINT
                            + (mode == Mode.SHADOW ? consequence(mode) : ""));
        }
        return new Finding(
                ConditionType.EXHAUSTED,
                Status.FALSE,
                ConditionReason.WITHIN_BUDGET,
                "money is left");
    }

    /** Most of the time nobody has to do anything about it. */
    private String frozen(List<String> subjects) {
        boolean full = accounts.stream().anyMatch(each -> each.frozen() && each.full());
        return "nothing is granted"
                + Named.in(subjects, true)
                + " until all proxies have told what they hold: the ledger's store has forgotten"
                + " something, or may have"
                + (full
                        ? "; "
                                + Account.MAX_LEASES
                                + " leases are counted, and one that was forgotten has no room"
                                + " until another one is closed"
                                + HINT
                        : "");
    }

    private static String consequence(Mode mode) {
        return switch (mode) {
            case HARD -> "";
            case SOFT -> "; mode Soft refuses new requests, those in flight go on";
            case SHADOW -> "; nothing is refused in mode Shadow";
        };
    }

    /**
     * What an operator refused is not known to the next one, and who was refused may ask no more:
     * what the status says of it holds as long as nothing came back. The subjects, of which one
     * that is shared has the empty name.
     */
    Set<String> refusedBefore(BudgetStatus before, long generation) {
        if (before.observedGeneration() != generation
                || !Objects.equals(before.resets(), resets)
                || spentMicros < micros(before.spent())) {
            return Set.of();
        }
        return before.conditions().stream()
                .filter(c -> c.type() == ConditionType.EXHAUSTED)
                .filter(c -> c.reason() == ConditionReason.EXHAUSTED)
                .filter(c -> c.status() == Status.TRUE)
                .findFirst()
                .map(c -> refusedBefore(c.message()))
                .orElse(Set.of());
    }

    private Set<String> refusedBefore(String message) {
        var named = Named.of(message, SHORT);
        if (!named.isEmpty() || Named.isIn(message) && !message.contains(SHORT)) {
            return named;
        }
        return fullest == null ? Set.of() : Set.of(fullest.subject());
    }

    /** More than any: nothing was told, or nothing that can be read. */
    private static long micros(@Nullable String dollars) {
        try {
            return dollars == null ? Long.MAX_VALUE : Money.parse(dollars).microsUp();
        } catch (IllegalArgumentException e) {
            return Long.MAX_VALUE; // nobody else writes it
        }
    }

    /** Who was refused needs more than is left of the account of each of these subjects. */
    void tellRefused(Set<String> said, ObjLongConsumer<AccountKey> told) {
        accounts.stream()
                .filter(a -> said.contains(a.key().subject()))
                .forEach(a -> told.accept(a.key(), Math.max(0, a.leftMicros()) + 1));
    }

    static String dollars(long micros) {
        return Money.ofMicros(micros).toString();
    }

    /**
     * Whether the figures are worth a write: another window, step or reset at once; usedPercent or
     * 1 % of the amount in leases when the last write is long enough ago; and what differs at all
     * when it is long ago, so that no figure is old for ever.
     *
     * @param budget {@code namespace/name}
     * @param written by this process; null: never
     * @param budgets how many there are
     */
    boolean due(
            String budget,
            BudgetStatus before,
            @Nullable Instant written,
            int budgets,
            Instant now) {
        if (before.spent() == null
                || !Objects.equals(before.periodStart(), periodStart)
                || !Objects.equals(before.resets(), resets)
                || !before.activeSteps().equals(activeSteps())
                || handledReset != null
                        && !handledReset.toString().equals(before.lastHandledReset())) {
            return true;
        }
        if (moved(before)) {
            boolean few = longer(QUIET, budgets).equals(QUIET);
            return few && written == null || isOver(budget, written, QUIET, budgets, now);
        }
        return differs(before) && isOver(budget, written, QUIET_OF_LITTLE, budgets, now);
    }

    private boolean moved(BudgetStatus before) {
        return before.usedPercent() == null
                || before.usedPercent() != usedPercent()
                || isApart(before.reserved(), reservedMicros, limitMicros);
    }

    /** The mean of a day changes by itself as time goes by: as far as it moved by a percent. */
    private boolean differs(BudgetStatus before) {
        return !dollars(spentMicros).equals(before.spent())
                || !dollars(reservedMicros).equals(before.reserved())
                || !dollars(remainingMicros()).equals(before.remaining())
                || burnPerDayMicros != null
                        && (isApart(before.burnPerDay(), burnPerDayMicros, burnPerDayMicros)
                                || (emptyAt == null) != (before.emptyAt() == null));
    }

    /** What an earlier operator has seen holds until this one has seen enough. */
    @Nullable String burnPerDay(@Nullable BudgetStatus before) {
        if (burnPerDayMicros != null) {
            return dollars(burnPerDayMicros);
        }
        return before == null || !isOfThisWindow(before) ? null : before.burnPerDay();
    }

    /** The same. */
    @Nullable Instant emptyAt(@Nullable BudgetStatus before) {
        return burnPerDayMicros != null
                        || spentMicros >= limitMicros
                        || before == null
                        || !isOfThisWindow(before)
                ? emptyAt
                : before.emptyAt();
    }

    private boolean isOfThisWindow(BudgetStatus status) {
        return status.spent() != null && Objects.equals(status.periodStart(), periodStart);
    }

    /** By at least a percent of the whole. */
    private static boolean isApart(@Nullable String told, long micros, long whole) {
        if (dollars(micros).equals(told)) {
            return false;
        }
        try {
            var before = told == null ? 0 : Money.parse(told).microsUp();
            // both at most 2^53, so the product fits
            return Math.abs(micros - before) * 100 >= whole;
        } catch (IllegalArgumentException e) {
            return true; // nobody else writes it: what cannot be read is written anew
        }
    }

    /**
     * Of many, each Budget has a turn of its own, so that what once was written together, because a
     * proxy came for example, is not together again each time. An operator that has just begun does
     * not know how old figures are, and keeps to turns too.
     */
    private static boolean isOver(
            String budget, @Nullable Instant written, Duration least, int budgets, Instant now) {
        var every = longer(least, budgets);
        long seconds = every.toSeconds();
        long phase = Integer.toUnsignedLong(budget.hashCode());
        long since = now.getEpochSecond() - phase;
        if (written == null) {
            return Math.floorMod(since, seconds) < SECONDS_OF_TURN;
        }
        if (every.equals(least)) {
            return !written.plus(least).isAfter(now);
        }
        long turn = Math.floorDiv(written.getEpochSecond() - phase, seconds);
        return !written.plus(QUIET).isAfter(now) && Math.floorDiv(since, seconds) > turn;
    }

    private static Duration longer(Duration least, int budgets) {
        var all = Duration.ofSeconds(budgets).dividedBy(WRITES_PER_SECOND);
        return all.compareTo(least) > 0 ? all : least;
    }
}
