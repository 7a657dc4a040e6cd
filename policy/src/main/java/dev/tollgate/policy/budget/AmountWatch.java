package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Asserts that the amount of a Budget is in force soon after it was changed (I10): looks, from
 * beside the ledger, whether accounts of present windows have it. The time in which the store does
 * not answer does not count, nor one in which nobody looks, as in a process that is stopped. One
 * thread at a time.
 */
public final class AmountWatch {

    public static final Duration WITHIN = Duration.ofSeconds(5);

    /** At least so many looks in a row, one a second. */
    static final int LOOKS = 5;

    /**
     * An account without the amount of its Budget for too long.
     *
     * @param amountMicros that the Budget has
     * @param since when that was seen
     * @param storeSilent the store has not answered since, which is why; else it is a bug
     */
    public record Late(
            AccountKey account,
            long amountMicros,
            long inForceMicros,
            Instant since,
            boolean storeSilent) {}

    private static final class Lag {
        final long amountMicros;
        final Instant since;

        /** The same, or when the store was last silent. */
        Instant from;

        int looks;
        boolean toldOfStore;
        boolean told;

        Lag(long amountMicros, Instant since) {
            this.amountMicros = amountMicros;
            this.since = since;
            this.from = since;
        }
    }

    private final LedgerService ledger;
    private final CappedBudgets budgets = new CappedBudgets();
    private Map<AccountKey, Lag> lags = Map.of();

    public AmountWatch(LedgerService ledger) {
        this.ledger = ledger;
    }

    /** Budgets as they were just compiled, whether the ledger has heard of them or not. */
    public void budgets(List<BudgetEntry> entries, Instant now) {
        budgets.replace(entries);
        behind(now);
    }

    /**
     * Once a second.
     *
     * @param silent when the store last did not answer; null: it always has
     * @return each account once for each change of its amount, and once as the store is silent
     */
    public List<Late> look(@Nullable Instant silent, Instant now) {
        var late = new ArrayList<Late>();
        for (var account : behind(now)) {
            var lag = lags.get(account.key());
            if (lag != null) {
                look(account, lag, silent, now, late);
            }
        }
        return late;
    }

    private List<Account> behind(Instant now) {
        var behind = ledger.without(budgets, now);
        var next = new HashMap<AccountKey, Lag>();
        for (var account : behind) {
            var key = account.key();
            var budget = Objects.requireNonNull(budgets.of(key), "it has an amount");
            var known = lags.get(key);
            next.put(
                    key,
                    known != null && known.amountMicros == budget.amountMicros()
                            ? known
                            : new Lag(budget.amountMicros(), now));
        }
        lags = Map.copyOf(next);
        return behind;
    }

    private static void look(
            Account account, Lag lag, @Nullable Instant silent, Instant now, List<Late> late) {
        lag.looks++;
        if (silent != null && silent.isAfter(lag.from)) {
            lag.from = silent;
            lag.looks = 0;
        }
        boolean store = lag.from.isAfter(lag.since);
        if (!lag.toldOfStore && store && isOver(lag.since, now)) {
            lag.toldOfStore = true;
            late.add(late(account, lag, true));
        }
        if (!lag.told && lag.looks >= LOOKS && isOver(lag.from, now)) {
            lag.told = true;
            late.add(late(account, lag, false));
        }
    }

    private static boolean isOver(Instant from, Instant now) {
        return now.isAfter(from.plus(WITHIN));
    }

    private static Late late(Account account, Lag lag, boolean storeSilent) {
        return new Late(
                account.key(), lag.amountMicros, account.amountMicros(), lag.since, storeSilent);
    }
}
