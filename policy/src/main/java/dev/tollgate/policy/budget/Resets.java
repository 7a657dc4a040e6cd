package dev.tollgate.policy.budget;

import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * When a reset that a Budget asks for is done: in the window that it was asked for in, once, and
 * only after holders had time to tell what they have spent, for that counts as before.
 */
final class Resets {

    /** Time for holders to tell what they have spent. */
    static final Duration WAITS = Duration.ofSeconds(2);

    /** What is to be done about the reset of an account. */
    enum Step {
        NOTHING,
        ASK_HOLDERS,
        WAIT,
        RESET
    }

    /** A reset that holders are asked for their totals for. */
    private record Waiting(Instant asked, Instant since) {}

    private final ConcurrentHashMap<AccountKey, Waiting> waiting = new ConcurrentHashMap<>();

    /** When it was asked for; null: it was not. */
    static @Nullable Instant asked(@Nullable BudgetEntry entry) {
        var millis = entry == null ? null : entry.resetAtMillis();
        return millis == null ? null : Instant.ofEpochMilli(millis);
    }

    /** A reset that was asked for before now says nothing of an account that is opened now. */
    static @Nullable Instant past(@Nullable BudgetEntry entry, Instant now) {
        var asked = asked(entry);
        return asked == null || asked.isAfter(now) ? null : asked;
    }

    /** Asked for in the account's own window, and not done yet. */
    static boolean isDue(BudgetEntry entry, Account account, Instant now) {
        var asked = asked(entry);
        var start = account.key().window().start();
        return asked != null
                && !asked.isAfter(now)
                && (start == null || !asked.isBefore(start))
                && (account.resetAt() == null || asked.isAfter(account.resetAt()));
    }

    Step next(BudgetEntry entry, Account account, Instant now) {
        var asked = asked(entry);
        if (asked == null || !isDue(entry, account, now)) {
            return Step.NOTHING;
        }
        var known = waiting.get(account.key());
        if (known == null || !known.asked().equals(asked)) {
            waiting.put(account.key(), new Waiting(asked, now));
            return Step.ASK_HOLDERS;
        }
        return now.isBefore(known.since().plus(WAITS)) ? Step.WAIT : Step.RESET;
    }

    /** It is done, or asked for no more. */
    void end(AccountKey key) {
        waiting.remove(key);
    }
}
