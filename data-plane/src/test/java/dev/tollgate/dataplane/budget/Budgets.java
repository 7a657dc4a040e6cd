package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Budgets and claims for tests. */
final class Budgets {

    static final Period MONTH = new Period(Period.Type.MONTH, "UTC", 1);

    private Budgets() {}

    static BudgetEntry hard(String key, long limitMicros) {
        return budget(key, limitMicros, MONTH, Mode.HARD);
    }

    static BudgetEntry budget(String key, long limitMicros, Period period, Mode mode) {
        return budget(key, limitMicros, period, mode, List.of());
    }

    static BudgetEntry budget(
            String key, long limitMicros, Period period, Mode mode, List<BudgetEntry.Step> steps) {
        return BudgetBuilder.budget(key)
                .limit(limitMicros)
                .period(period)
                .steps(steps)
                .mode(mode)
                .build();
    }

    static BudgetEntry reset(BudgetEntry budget, Instant at) {
        return BudgetBuilder.as(budget).resetAt(at).build();
    }

    static Claim claim(String id, Money bound, BudgetEntry... budgets) {
        var request =
                new LogRecord.Request(
                        id,
                        0,
                        "team-a",
                        "key:team-a/test",
                        Map.of(),
                        "openai-chat",
                        "route",
                        "priority",
                        "model",
                        false);
        var attempt = new LogRecord.Try(1, "provider", "model", "test", bound.nanos());
        return new Claim(request, attempt, List.of(budgets), bound, true, "");
    }
}
