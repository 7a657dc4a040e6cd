package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An account's turn: what was said of it since the last one goes into one write, however many say
 * it. What cannot go with others, as it must be compared with the store first, and all of it when
 * the store does not take it, goes one by one.
 */
final class AccountTurn {

    private final Turns turns;
    private final Bookkeeper keeper;
    private final Grants grants;
    private final Reports reports;
    private final Audience audience;
    private final Inbox inbox;

    AccountTurn(
            Turns turns,
            Bookkeeper keeper,
            Grants grants,
            Reports reports,
            Audience audience,
            Inbox inbox) {
        this.turns = turns;
        this.keeper = keeper;
        this.grants = grants;
        this.reports = reports;
        this.audience = audience;
        this.inbox = inbox;
    }

    void of(AccountKey key, Instant now, List<LedgerEffect> effects) {
        var said = inbox.take(key);
        var totals = new ArrayList<Inbox.Told>(said.totals().size());
        for (var told : said.totals()) {
            if (audience.sessions().isLast(told.from())) {
                totals.add(told); // else a later start of its log has told all
            }
        }
        if (totals.size() + said.acquires().size() == 1) {
            oneByOne(key, totals, said.acquires(), now, effects);
            return;
        }
        var plain = new ArrayList<Inbox.Told>(totals.size());
        var steps = new ArrayList<AccountCommand>(totals.size() + said.acquires().size());
        for (var told : totals) {
            var step = reports.plain(told);
            if (step == null) {
                oneByOne(key, List.of(told), List.of(), now, effects);
            } else {
                plain.add(told);
                steps.add(step);
            }
        }
        var asking = new ArrayList<LedgerCommand.Acquire>(said.acquires().size());
        Account opened = null;
        for (var acquire : said.acquires()) {
            var asked = grants.asked(acquire, now, effects);
            if (asked != null) {
                asking.add(acquire);
                steps.add(asked.command());
                opened = asked.opened();
            }
        }
        if (!steps.isEmpty() && !together(key, opened, steps, plain, asking, now, effects)) {
            oneByOne(key, plain, asking, now, effects);
        }
    }

    /** False: nothing of it is done. */
    private boolean together(
            AccountKey key,
            @Nullable Account opened,
            List<AccountCommand> steps,
            List<Inbox.Told> plain,
            List<LedgerCommand.Acquire> asking,
            Instant now,
            List<LedgerEffect> effects) {
        try {
            return switch (keeper.together(key, opened, steps, now, effects)) {
                case AccountBook.Change.Done(var done) -> {
                    asking.forEach(acquire -> grants.answered(acquire, done.effects()));
                    yield true;
                }
                case AccountBook.Change.Unavailable _ -> {
                    plain.forEach(inbox::putBack);
                    asking.forEach(acquire -> grants.unavailable(acquire, effects));
                    yield true;
                }
                case AccountBook.Change.Regressed _ -> false;
            };
        } catch (IllegalStateException | ArithmeticException e) {
            return false; // whose step breaks a rule is seen then
        }
    }

    private void oneByOne(
            AccountKey key,
            List<Inbox.Told> totals,
            List<LedgerCommand.Acquire> acquires,
            Instant now,
            List<LedgerEffect> effects) {
        for (var told : totals) {
            turns.each(key, effects::addAll, all -> reports.take(told, now, all));
        }
        for (var acquire : acquires) {
            turns.each(key, effects::addAll, all -> grants.acquire(acquire, now, all));
        }
    }
}
