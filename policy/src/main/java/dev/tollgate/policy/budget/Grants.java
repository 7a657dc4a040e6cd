package dev.tollgate.policy.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers those who ask for money: each by a grant, or by why there is none. */
final class Grants {

    private static final Duration STORE_RETRY = Duration.ofSeconds(1);

    /**
     * @param opened what to start from if there is no such account
     */
    record Asked(AccountCommand.Acquire command, Account opened) {}

    private final Bookkeeper keeper;
    private final CappedBudgets budgets;
    private final Audience audience;
    private final Inbox inbox;
    private final Reports reports;
    final Needs needs;

    Grants(
            Bookkeeper keeper,
            CappedBudgets budgets,
            Audience audience,
            Inbox inbox,
            Reports reports) {
        this.keeper = keeper;
        this.budgets = budgets;
        this.audience = audience;
        this.inbox = inbox;
        this.reports = reports;
        this.needs = new Needs(budgets, keeper.book);
    }

    /**
     * Into the inbox. True: somebody waits for the money, or has none that a refill would add to.
     */
    boolean takeIn(LedgerCommand.Acquire acquire) {
        inbox.put(acquire);
        var account = keeper.book.account(acquire.account());
        var lease = account == null ? null : account.lease(acquire.holder());
        return acquire.amountMicros() > 0
                || lease == null
                || reports.hasNothingLeft(acquire.holder(), lease, acquire.account());
    }

    /** What the ledger is to do; null: it is refused already. */
    @Nullable Asked asked(LedgerCommand.Acquire acquire, Instant now, List<LedgerEffect> effects) {
        var key = acquire.account();
        var session = audience.sessions().connected(acquire.holder());
        var budget = budgets.of(key);
        if (session == null || budget == null || session.closed().contains(key)) {
            deny(acquire, DeniedReason.UNKNOWN_ACCOUNT, STORE_RETRY, effects);
            return null;
        }
        if (keeper.isFrozen(key)) {
            deny(acquire, DeniedReason.FROZEN, STORE_RETRY, effects);
            return null;
        }
        var book = keeper.book;
        if (reports.unstored.contains(key) || book.load() != null) {
            deny(acquire, DeniedReason.UNAVAILABLE, STORE_RETRY, effects);
            return null;
        }
        var window = book.currentWindow(key.budget(), key.subject(), budget.period(), now);
        if (!window.equals(key.window())) {
            var current = AccountKey.of(key.budget(), key.subject(), window);
            var account = book.account(current);
            if (account == null) {
                account = Account.opened(current, budget.amountMicros());
            }
            effects.add(Audience.state(acquire.holder(), account, now));
            deny(acquire, DeniedReason.UNKNOWN_ACCOUNT, Duration.ZERO, effects);
            return null;
        }
        return new Asked(
                new AccountCommand.Acquire(
                        acquire, window, budget.amountMicros(), audience.sessions().live()),
                budget.opened(key, now));
    }

    void acquire(LedgerCommand.Acquire acquire, Instant now, List<LedgerEffect> effects) {
        var asked = asked(acquire, now, effects);
        if (asked == null) {
            return;
        }
        var key = acquire.account();
        if (keeper.change(key, asked.opened(), asked.command(), now, effects)
                instanceof AccountBook.Change.Done(var done)) {
            answered(acquire, done.effects());
        } else {
            unavailable(acquire, effects);
        }
    }

    /** The store did not take it, or has forgotten something of the account. */
    void unavailable(LedgerCommand.Acquire acquire, List<LedgerEffect> effects) {
        var frozen = keeper.isFrozen(acquire.account());
        var why = frozen ? DeniedReason.FROZEN : DeniedReason.UNAVAILABLE;
        deny(acquire, why, STORE_RETRY, effects);
    }

    /** Remembers whether the holder got what it asked for. */
    void answered(LedgerCommand.Acquire acquire, List<LedgerEffect> effects) {
        var got =
                effects.stream()
                        .anyMatch(
                                effect ->
                                        effect instanceof LedgerEffect.Grant grant
                                                && grant.to().equals(acquire.holder())
                                                && grant.request() == acquire.request());
        audience.update(s -> s.denied(acquire.holder(), acquire.account(), !got));
        if (!got && isExhausted(acquire, effects)) {
            needs.refused(acquire.account(), acquire.neededMicros());
        }
    }

    /** Nobody else holds anything that could come back. */
    private static boolean isExhausted(LedgerCommand.Acquire acquire, List<LedgerEffect> effects) {
        return effects.stream()
                .anyMatch(
                        effect ->
                                effect instanceof LedgerEffect.Denied denied
                                        && denied.to().equals(acquire.holder())
                                        && denied.request() == acquire.request()
                                        && denied.reason() == DeniedReason.EXHAUSTED);
    }

    private static void deny(
            LedgerCommand.Acquire acquire,
            DeniedReason reason,
            Duration retry,
            List<LedgerEffect> effects) {
        effects.add(LedgerEffect.Denied.of(acquire, reason, retry, 0));
    }
}
