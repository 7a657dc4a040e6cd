package dev.tollgate.policy.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/** Answers those who ask for money: each by a grant, or by why there is none. */
final class Grants {

    private static final Duration STORE_RETRY = Duration.ofSeconds(1);

    private final Bookkeeper keeper;
    private final CappedBudgets budgets;
    private final Audience audience;

    Grants(Bookkeeper keeper, CappedBudgets budgets, Audience audience) {
        this.keeper = keeper;
        this.budgets = budgets;
        this.audience = audience;
    }

    void acquire(LedgerCommand.Acquire acquire, Instant now, List<LedgerEffect> effects) {
        var key = acquire.account();
        var session = audience.sessions().connected(acquire.holder());
        var budget = budgets.of(key);
        if (session == null || budget == null || session.closed().contains(key)) {
            deny(acquire, DeniedReason.UNKNOWN_ACCOUNT, STORE_RETRY, effects);
            return;
        }
        if (keeper.freezes.isFrozen(key)) {
            deny(acquire, DeniedReason.FROZEN, STORE_RETRY, effects);
            return;
        }
        var book = keeper.book;
        if (book.load() != null) {
            deny(acquire, DeniedReason.UNAVAILABLE, STORE_RETRY, effects);
            return;
        }
        var window = book.currentWindow(key.budget(), key.subject(), budget.period(), now);
        if (!Objects.equals(window.start(), key.windowStart())) {
            var current = AccountKey.of(key.budget(), key.subject(), window.start());
            var account = book.account(current);
            if (account == null) {
                account = Account.opened(current, window.end(), budget.amountMicros());
            }
            effects.add(Audience.state(acquire.holder(), account, now));
            deny(acquire, DeniedReason.UNKNOWN_ACCOUNT, Duration.ZERO, effects);
            return;
        }
        var command =
                new AccountCommand.Acquire(
                        acquire, window, budget.amountMicros(), audience.sessions().live());
        var opened = budget.opened(key, window, now);
        if (keeper.change(key, opened, command, now, effects)
                instanceof AccountBook.Change.Done(var done)) {
            var got = done.effects().getFirst() instanceof LedgerEffect.Grant;
            audience.update(s -> s.denied(acquire.holder(), key, !got));
        } else {
            var frozen = keeper.freezes.isFrozen(key);
            var why = frozen ? DeniedReason.FROZEN : DeniedReason.UNAVAILABLE;
            deny(acquire, why, STORE_RETRY, effects);
        }
    }

    private static void deny(
            LedgerCommand.Acquire acquire,
            DeniedReason reason,
            Duration retry,
            List<LedgerEffect> effects) {
        effects.add(LedgerEffect.Denied.of(acquire, reason, retry, 0));
    }
}
