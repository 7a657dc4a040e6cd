package dev.tollgate.policy.budget;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What requests need of accounts that were refused them, so that it can be told when less than that
 * is left: of each account the most, as who was refused asks no more. It holds until the Budget's
 * amount is raised or its window is reset, whatever is granted meanwhile to who needs less. A need
 * above the whole amount can never be met and says nothing of what is left. Any thread.
 */
final class Needs {

    /** A need, and of which amount and after which resets. */
    private record Need(long micros, long amountMicros, long resetMicros) {

        boolean holds(long presentAmountMicros, long presentResetMicros) {
            return micros <= presentAmountMicros
                    && presentAmountMicros <= amountMicros
                    && presentResetMicros == resetMicros;
        }
    }

    private final CappedBudgets budgets;
    private final AccountBook book;
    private final ConcurrentHashMap<AccountKey, Need> most = new ConcurrentHashMap<>();

    Needs(CappedBudgets budgets, AccountBook book) {
        this.budgets = budgets;
        this.book = book;
    }

    /** Somebody who needs so much was refused. */
    void refused(AccountKey key, long micros) {
        var next = need(key, micros);
        if (next != null && left(key, next) < micros) {
            most.merge(key, next, Needs::merged);
        }
    }

    /** What is not spent: who was refused while it holds much itself may be served from that. */
    private long left(AccountKey key, Need need) {
        var account = book.account(key);
        return account == null
                ? need.amountMicros()
                : need.amountMicros() - account.spentMicros() - account.suspectMicros();
    }

    /**
     * The same, as far as it is known from before this ledger began: what is known since counts.
     */
    void refusedBefore(AccountKey key, long micros) {
        var next = need(key, micros);
        if (next != null) {
            most.putIfAbsent(key, next);
        }
    }

    /** Null: it says nothing. */
    private @Nullable Need need(AccountKey key, long micros) {
        var budget = budgets.of(key);
        return micros <= 0 || budget == null || micros > budget.amountMicros()
                ? null
                : new Need(micros, budget.amountMicros(), resetMicros(key));
    }

    private static Need merged(Need known, Need next) {
        return known.micros() > next.micros()
                        && known.holds(next.amountMicros(), next.resetMicros())
                ? new Need(known.micros(), next.amountMicros(), next.resetMicros())
                : next;
    }

    private long resetMicros(AccountKey key) {
        var account = book.account(key);
        return account == null ? 0 : account.resetMicros();
    }

    void forget(AccountKey key) {
        most.remove(key);
    }

    /** Micro-dollars, of the accounts of which somebody was refused what counts still. */
    Map<AccountKey, Long> all() {
        var all = new HashMap<AccountKey, Long>();
        most.forEach(
                (key, need) -> {
                    var budget = budgets.of(key);
                    if (budget != null && need.holds(budget.amountMicros(), resetMicros(key))) {
                        all.put(key, need.micros());
                    }
                });
        return Map.copyOf(all);
    }
}
