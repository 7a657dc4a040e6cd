package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The Budgets that have an amount, as last compiled. Any thread. */
final class CappedBudgets {

    /** One of them. */
    record Capped(BudgetEntry entry, long amountMicros, Period period) {

        /** An account of it that nobody has written yet. */
        Account opened(AccountKey key, Instant now) {
            return Account.opened(key, amountMicros).withReset(Resets.past(entry, now));
        }
    }

    private volatile Map<String, Capped> byKey = Map.of();

    void replace(List<BudgetEntry> entries) {
        var next = new HashMap<String, Capped>();
        for (var entry : entries) {
            var limit = entry.limitMicros();
            var period = entry.period();
            if (limit != null && period != null) {
                next.put(entry.key(), new Capped(entry, limit, period));
            }
        }
        byKey = Map.copyOf(next);
    }

    /** Null: there is none, or it has no amount. */
    @Nullable Capped of(AccountKey account) {
        return byKey.get(account.budget());
    }
}
