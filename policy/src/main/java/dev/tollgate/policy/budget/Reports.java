package dev.tollgate.policy.budget;

import dev.tollgate.policy.budget.CappedBudgets.Capped;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes the totals that holders tell into the accounts: what they have spent, what they return and
 * what they close. Totals that prove more than an account has restore what its store has forgotten.
 */
final class Reports {

    /** Names a lease of which totals are to be stored. */
    private record Reported(HolderId holder, AccountKey account) {
        static Reported of(HolderId from, LeaseTotals totals) {
            return new Reported(new HolderId(from.logId(), totals.bootEpoch()), totals.account());
        }
    }

    private final Bookkeeper keeper;
    private final CappedBudgets budgets;
    private final Audience audience;
    private final ConcurrentHashMap<Reported, LeaseTotals> unstored = new ConcurrentHashMap<>();

    /** Closed leases that never had money, of which the overrun is in the account. */
    private final Set<Reported> countedWithoutLease = ConcurrentHashMap.newKeySet();

    Reports(Bookkeeper keeper, CappedBudgets budgets, Audience audience) {
        this.keeper = keeper;
        this.budgets = budgets;
        this.audience = audience;
    }

    void report(LedgerCommand.Report report, Instant now, List<LedgerEffect> effects) {
        var session = audience.sessions().connected(report.holder());
        for (var totals : report.leases()) {
            if (session != null && !session.closed().contains(totals.account())) {
                report(report.holder(), totals, now, effects);
            }
        }
    }

    void close(LedgerCommand.Close close, Instant now, List<LedgerEffect> effects) {
        if (audience.sessions().connected(close.holder()) != null) {
            audience.update(s -> s.closed(close.holder(), close.totals().account()));
            take(close.holder(), close.totals(), now, effects);
        }
    }

    /** Nobody says it again, so what the store does not take now is tried again at each tick. */
    private void report(
            HolderId from, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        var lease = new Reported(from, totals.account());
        if (take(from, totals, now, effects)) {
            unstored.remove(lease);
        } else {
            unstored.put(lease, totals);
        }
    }

    void storeAgain(Turns turns, Instant now, Consumer<List<LedgerEffect>> send) {
        unstored.forEach(
                (lease, totals) ->
                        turns.each(
                                lease.account(),
                                send,
                                effects -> storeAgain(lease, totals, now, effects)));
    }

    private void storeAgain(
            Reported lease, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        var session = audience.sessions().connected(lease.holder());
        if (session == null || session.closed().contains(lease.account())) {
            unstored.remove(lease); // what it says at its return or has closed counts
        } else if (take(lease.holder(), totals, now, effects)) {
            unstored.remove(lease, totals);
        }
    }

    void forget(AccountKey key) {
        unstored.keySet().removeIf(reported -> reported.account().equals(key));
        countedWithoutLease.removeIf(reported -> reported.account().equals(key));
    }

    /** False: not stored. */
    boolean take(HolderId from, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        var key = totals.account();
        var budget = budgets.of(key);
        if (tellsMore(from, totals)
                && keeper.book.readAgain(key) instanceof AccountBook.Change.Unavailable) {
            return false;
        }
        var session = audience.sessions().connected(from);
        if (session != null
                && session.closed().contains(key)
                && !totals.closed()
                && totals.bootEpoch() == from.bootEpoch()) {
            return true; // closed meanwhile
        }
        var end = end(budget, key);
        if (keeper.book.account(key) == null && Retention.isForgotten(key, end, now)) {
            closed(from, totals, effects);
            return true;
        }
        var opened = Account.opened(key, end, budget == null ? 0 : budget.amountMicros());
        var past = budget == null ? null : Resets.past(budget.entry(), now);
        if (tellsMore(from, totals)) {
            keeper.freeze(key, now, effects);
            // which resets counted is not known: of those asked for until now none does any more
            var reset = past == null ? now.truncatedTo(ChronoUnit.MILLIS) : past;
            var restore = new AccountCommand.Restore(from, totals, reset);
            if (!keeper.stores(key, opened, restore, now, effects)) {
                return false;
            }
        }
        return count(from, totals, budget, opened.withReset(past), now, effects);
    }

    private boolean count(
            HolderId from,
            LeaseTotals totals,
            @Nullable Capped budget,
            Account opened,
            Instant now,
            List<LedgerEffect> effects) {
        var key = totals.account();
        var lease = Reported.of(from, totals);
        if (budget != null && spentWithoutLease(lease, totals)) {
            // without money first: an account that is created with more overrun than its limit
            // would be refused by the guards of the store
            if (!keeper.stores(
                    key, opened, new AccountCommand.Open(lease.holder()), now, effects)) {
                return false;
            }
        } else if (keeper.book.account(key) == null
                && !keeper.book.unsure(key)
                && !fences(totals, budget, now)) {
            closed(from, totals, effects);
            return true; // a lease that never got a grant
        }
        if (totals.closed() && totals.amountMicros() == 0) {
            // if it is missing when this is said again, it has been counted
            countedWithoutLease.add(lease);
        }
        return keeper.stores(key, opened, new AccountCommand.Totals(from, totals), now, effects);
    }

    /** An earlier ledger may still be about to open the account of what is closed. */
    private static boolean fences(LeaseTotals totals, @Nullable Capped budget, Instant now) {
        var start = totals.account().windowStart();
        return totals.closed() && budget != null && (start == null || !start.isAfter(now));
    }

    private static void closed(HolderId from, LeaseTotals totals, List<LedgerEffect> effects) {
        if (totals.closed()) {
            effects.add(new LedgerEffect.Closed(from, totals.account(), totals.bootEpoch()));
        }
    }

    private static @Nullable Instant end(@Nullable Capped budget, AccountKey key) {
        var start = key.windowStart();
        return budget == null || start == null ? null : Window.of(budget.period(), start).end();
    }

    /** Who may spend more than it has, and was never granted anything (Soft and Shadow). */
    private boolean spentWithoutLease(Reported lease, LeaseTotals totals) {
        var known = keeper.book.account(totals.account());
        return totals.amountMicros() == 0
                && totals.overrunMicros() > 0
                && (known == null || known.lease(lease.holder()) == null)
                && !countedWithoutLease.contains(lease);
    }

    /** The holder has seen more of the account than this ledger. */
    private boolean tellsMore(HolderId from, LeaseTotals totals) {
        var known = keeper.book.account(totals.account());
        return totals.seq() > 0 && (known == null || Ledger.regressed(known, from, totals));
    }
}
