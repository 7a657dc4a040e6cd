package dev.tollgate.policy.budget;

import dev.tollgate.policy.budget.CappedBudgets.Capped;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
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
    private final Inbox inbox;
    final Unstored unstored = new Unstored();

    Reports(Bookkeeper keeper, CappedBudgets budgets, Audience audience, Inbox inbox) {
        this.keeper = keeper;
        this.budgets = budgets;
        this.audience = audience;
        this.inbox = inbox;
    }

    /** Into the inbox; the accounts of which somebody must know at once. */
    List<AccountKey> takeIn(LedgerCommand.Report report) {
        var session = audience.sessions().connected(report.holder());
        var urgent = new ArrayList<AccountKey>(0);
        for (var totals : report.leases()) {
            if (session != null && !session.closed().contains(totals.account())) {
                inbox.put(report.holder(), totals);
                if (isUrgent(report.holder(), totals)) {
                    urgent.add(totals.account());
                }
            }
        }
        return urgent;
    }

    /**
     * The same. Final totals are waited for, by their holder and by who may have what it returns;
     * but not those of a window that is over, which all holders close at the same time.
     */
    List<AccountKey> takeIn(LedgerCommand.Close close, Instant now) {
        if (audience.sessions().connected(close.holder()) == null) {
            return List.of();
        }
        audience.update(s -> s.closed(close.holder(), close.totals().account(), now));
        inbox.put(close.holder(), close.totals());
        var key = close.totals().account();
        return key.window().isOver(now) ? List.of() : List.of(key);
    }

    /**
     * Into the inbox, if it is of a lease that goes on and of which no grant got lost. False: it is
     * to be written before anything is answered.
     */
    boolean waits(HolderId from, LeaseTotals totals) {
        var known = keeper.book.account(totals.account());
        var lease = known == null ? null : known.lease(from);
        if (lease == null
                || lease.state() != LeaseAccount.State.OPEN
                || totals.closed()
                || totals.bootEpoch() != from.bootEpoch()
                || totals.amountMicros() != lease.amountMicros()
                || tellsMore(from, totals)) {
            return false;
        }
        inbox.put(from, totals);
        if (isUrgent(from, totals)) {
            inbox.hurry(totals.account());
        }
        return true;
    }

    /** As far as it has told, the holder has nothing left of its lease. */
    boolean hasNothingLeft(HolderId holder, LeaseAccount lease, AccountKey account) {
        var told =
                inbox.told(account).stream()
                        .filter(each -> each.from().equals(holder))
                        .map(Inbox.Told::totals)
                        .filter(totals -> totals.bootEpoch() == holder.bootEpoch())
                        .findFirst();
        return told.map(t -> t.settledMicros() + t.returnedMicros() >= lease.amountMicros())
                .orElse(lease.outstandingMicros() == 0);
    }

    private boolean isUrgent(HolderId from, LeaseTotals totals) {
        var budget = budgets.of(totals.account());
        var known = keeper.book.account(totals.account());
        var lease = known == null ? null : known.lease(from);
        if (totals.closed()
                || known == null
                || lease == null
                || lease.state() != LeaseAccount.State.OPEN
                || tellsMore(from, totals)) {
            return true;
        }
        if (totals.returnedMicros() > lease.returnedMicros()
                && audience.sessions().isDenied(totals.account())) {
            return true; // somebody is short of it
        }
        if (budget == null) {
            return false;
        }
        if (totals.overrunMicros() > lease.overrunMicros()
                && budget.entry().mode() == BudgetEntry.Mode.HARD) {
            return true;
        }
        var spent = Math.clamp(known.spentMicros(), 0, Account.MAX_MICROS);
        var after = Math.min(Account.MAX_MICROS, spent + untold(known));
        return spent < known.amountMicros() && after >= known.amountMicros()
                || !Ladder.reached(budget.entry(), spent)
                        .equals(Ladder.reached(budget.entry(), after));
    }

    /** What all that waits for the account's turn adds to its spend. */
    private long untold(Account known) {
        var sum = 0L;
        for (var told : inbox.told(known.key())) {
            var lease = known.lease(Reported.of(told.from(), told.totals()).holder());
            if (lease != null) {
                sum = Math.min(Account.MAX_MICROS, sum + more(lease, told.totals()));
            }
        }
        return sum;
    }

    private static long more(LeaseAccount lease, LeaseTotals totals) {
        var settled = totals.settledMicros() - lease.settledMicros();
        var overrun = totals.overrunMicros() - lease.overrunMicros();
        return Math.clamp(settled, 0, Account.MAX_MICROS)
                + Math.clamp(overrun, 0, Account.MAX_MICROS);
    }

    /**
     * What can be written with other totals of the account; null: only by itself, or there is
     * nothing to write.
     */
    AccountCommand.@Nullable Totals plain(Inbox.Told told) {
        var totals = told.totals();
        var known = keeper.book.account(totals.account());
        var lease = Reported.of(told.from(), totals);
        boolean late =
                !totals.closed()
                        && totals.bootEpoch() == told.from().bootEpoch()
                        && audience.sessions().hasClosed(told.from(), totals.account());
        return known == null
                        || known.lease(lease.holder()) == null
                        || late
                        || tellsMore(told.from(), totals)
                ? null
                : new AccountCommand.Totals(told.from(), totals);
    }

    /** False: not stored. */
    boolean take(HolderId from, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        boolean stored = stores(from, totals, now, effects);
        if (stored || awaitsRoom(from, totals)) {
            unstored.stored(from, totals);
        }
        return stored;
    }

    /**
     * What was spent without a lease, of an account that has no room for one more: it stands in
     * line until another lease is closed, or this one. It proves nothing of what the store has, so
     * nobody else waits for it.
     */
    boolean awaitsRoom(HolderId from, LeaseTotals totals) {
        var lease = Reported.of(from, totals);
        var known = keeper.book.account(totals.account());
        return known != null
                && !known.hasRoom()
                && !known.isSucceeded(lease.holder())
                && spentWithoutLease(lease, totals)
                && !tellsMore(from, totals);
    }

    /** The same, as its holder registers: what is not stored stays in line, before all others. */
    boolean takeOrKeep(HolderId from, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        boolean stored = take(from, totals, now, effects);
        if (!stored) {
            inbox.put(from, totals);
            if (!isEarly(totals, now) && !awaitsRoom(from, totals)) {
                unstored.add(from, totals);
                inbox.hurry(totals.account());
            }
        }
        return stored;
    }

    private boolean stores(
            HolderId from, LeaseTotals totals, Instant now, List<LedgerEffect> effects) {
        var key = totals.account();
        var budget = budgets.of(key);
        if (tellsMore(from, totals) && !looksAgain(key)) {
            return false;
        }
        if (!totals.closed()
                && totals.bootEpoch() == from.bootEpoch()
                && audience.sessions().hasClosed(from, key)) {
            return true; // closed meanwhile
        }
        if (keeper.book.isHidden(key)) {
            return false; // nobody knows what was granted of it, however long ago
        }
        if (keeper.book.account(key) == null && Retention.isForgotten(key, now)) {
            closed(from, totals, effects);
            return true;
        }
        var opened = Account.opened(key, budget == null ? 0 : budget.amountMicros());
        var past = budget == null ? null : Resets.past(budget.entry(), now);
        if (tellsMore(from, totals)) {
            keeper.freeze(key, now, effects);
            // which resets counted is not known: of those asked for until now none does any more
            var reset = past == null ? now.truncatedTo(ChronoUnit.MILLIS) : past;
            var restore = new AccountCommand.Restore(from, totals, reset);
            if (!keeper.stores(key, opened, restore, now, effects) || lacks(from, totals)) {
                return false;
            }
        }
        return count(from, totals, budget, opened.withReset(past), now, effects);
    }

    /** Another ledger may have written it; false: the store cannot be asked. */
    private boolean looksAgain(AccountKey key) {
        return !(keeper.book.readAgain(key) instanceof AccountBook.Change.Unavailable);
    }

    /** There was no room for it. */
    private boolean lacks(HolderId from, LeaseTotals totals) {
        var known = keeper.book.account(totals.account());
        return known == null
                || known.lease(Reported.of(from, totals).holder()) == null
                        && Ledger.regressed(known, from, totals);
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
            if (awaitsRoom(from, totals) && !totals.isLastWord(from)) {
                return false;
            }
        } else if (keeper.book.account(key) == null && !keeper.book.unsure(key)) {
            if (!totals.closed() || budget == null) {
                closed(from, totals, effects);
                return true; // a lease that never got a grant
            }
            if (isToCome(key, now)) {
                return false;
            }
            // an earlier ledger may be about to open the account, for this lease
        }
        return keeper.stores(key, opened, new AccountCommand.Totals(from, totals), now, effects);
    }

    /**
     * A lease without a grant of a window to come is closed: that opens the account, and not before
     * the window begins, or others would enter it too soon. It stands in line until then, and
     * proves nothing.
     */
    private boolean isEarly(LeaseTotals totals, Instant now) {
        return totals.closed()
                && totals.seq() == 0
                && totals.overrunMicros() == 0
                && isToCome(totals.account(), now)
                && keeper.book.account(totals.account()) == null;
    }

    private static boolean isToCome(AccountKey account, Instant now) {
        var start = account.window().start();
        return start != null && start.isAfter(now);
    }

    private static void closed(HolderId from, LeaseTotals totals, List<LedgerEffect> effects) {
        if (totals.isLastWord(from)) {
            effects.add(new LedgerEffect.Closed(from, totals.account(), totals.bootEpoch()));
        }
    }

    /** Who may spend more than it has, and was never granted anything (Soft and Shadow). */
    private boolean spentWithoutLease(Reported lease, LeaseTotals totals) {
        var known = keeper.book.account(totals.account());
        return totals.amountMicros() == 0
                && totals.overrunMicros() > 0
                && (known == null
                        || known.lease(lease.holder()) == null
                                && !known.closed().contains(lease.holder()));
    }

    /**
     * The holder has seen more of the account than this ledger. Of an earlier start of its log that
     * says nothing: its leases are closed since.
     */
    private boolean tellsMore(HolderId from, LeaseTotals totals) {
        var known = keeper.book.account(totals.account());
        return audience.sessions().isLast(from)
                && totals.seq() > 0
                && (known == null || Ledger.regressed(known, from, totals));
    }
}
