package dev.tollgate.policy.budget;

import dev.tollgate.policy.budget.CappedBudgets.Capped;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** Brings the amounts of Budgets, and the resets that they ask for, into the present accounts. */
final class Amounts {

    private final Bookkeeper keeper;
    private final CappedBudgets budgets;
    private final AccountTurn turn;
    private final Resets resets = new Resets();

    Amounts(Bookkeeper keeper, CappedBudgets budgets, AccountTurn turn) {
        this.keeper = keeper;
        this.budgets = budgets;
        this.turn = turn;
    }

    void apply(Turns turns, Instant now, Consumer<List<LedgerEffect>> send) {
        for (var account : keeper.book.accounts()) {
            turns.each(account.key(), send, effects -> apply(account, now, effects));
        }
    }

    private void apply(Account account, Instant now, List<LedgerEffect> effects) {
        var key = account.key();
        var budget = budgets.of(key);
        if (budget == null) {
            resets.end(key);
            return;
        }
        boolean due = Resets.isDue(budget.entry(), account, now);
        if (!due) {
            resets.end(key);
        }
        if (budget.amountMicros() == account.amountMicros() && !due) {
            return;
        }
        var window = keeper.book.currentWindow(key.budget(), key.subject(), budget.period(), now);
        if (window.equals(key.window())) {
            var command = new AccountCommand.SetLimit(budget.amountMicros());
            keeper.change(key, null, command, now, effects);
            reset(budget, account, now, effects);
        }
    }

    /** What was spent before counts as before: its holders are asked for it first. */
    private void reset(Capped budget, Account account, Instant now, List<LedgerEffect> effects) {
        var asked = Resets.asked(budget.entry());
        switch (resets.next(budget.entry(), account, now)) {
            case NOTHING, WAIT -> {}
            case ASK_HOLDERS -> {
                for (var lease : account.leases()) {
                    if (lease.state() == LeaseAccount.State.OPEN) {
                        effects.add(new LedgerEffect.Recall(lease.holder(), account.key()));
                    }
                }
            }
            case RESET -> {
                var command = new AccountCommand.Reset(Objects.requireNonNull(asked));
                boolean stored =
                        turn.alone(
                                account.key(),
                                () ->
                                        turn.of(account.key(), now, effects) // what they told
                                                && keeper.stores(
                                                        account.key(), command, now, effects));
                if (stored) {
                    resets.end(account.key());
                }
            }
        }
    }

    void forget(AccountKey key) {
        resets.end(key);
    }
}
