package dev.tollgate.policy.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which accounts may be forgotten (budgets.md, section 11): 35 days after the end of their window,
 * and only those of which nothing can be settled any more. A clock that is ahead must forget
 * nothing that still counts: a window after whose end another was entered is never entered again,
 * and any other account must have been old for a whole day of this ledger's life. Confined to one
 * thread.
 */
final class Retention {

    static final Duration KEPT = Duration.ofDays(35);

    /** Without a later window. */
    static final Duration OLD_FOR = Duration.ofDays(1);

    static final Duration EVERY = Duration.ofMinutes(10);

    /**
     * Of one look, so that a store is not kept busy; a day's are more than a thousand Budgets open.
     */
    static final int AT_MOST = 200;

    private final Map<AccountKey, Instant> oldSince = new HashMap<>();
    private @Nullable Instant lookedAt;

    /** What may be forgotten now; most of the time it does not look. */
    List<AccountKey> due(List<Account> accounts, Instant now) {
        var looked = lookedAt;
        if (looked != null && !now.isBefore(looked) && now.isBefore(looked.plus(EVERY))) {
            return List.of();
        }
        lookedAt = now;
        var latest = new HashMap<String, Instant>();
        for (var account : accounts) {
            var start = account.key().window().start();
            if (start != null && !account.isSpentOfUnasked()) {
                latest.merge(account.key().counterPrefix(), start, (a, b) -> a.isAfter(b) ? a : b);
            }
        }
        var due = new ArrayList<AccountKey>();
        var stillOld = new HashMap<AccountKey, Instant>();
        for (var account : accounts) {
            if (!isOld(account, now)) {
                continue;
            }
            var key = account.key();
            var known = oldSince.get(key);
            var since = known == null || now.isBefore(known) ? now : known;
            stillOld.put(key, since);
            var last = latest.get(key.counterPrefix());
            boolean succeeded = last != null && key.window().isOver(last);
            if ((succeeded || !now.isBefore(since.plus(OLD_FOR))) && due.size() < AT_MOST) {
                due.add(key);
            }
        }
        oldSince.clear();
        oldSince.putAll(stillOld);
        return due;
    }

    /** Long over, and no lease of it is open or could be proven by a log. */
    static boolean isOld(Account account, Instant now) {
        var end = account.key().window().end();
        return end != null
                && !now.isBefore(end.plus(KEPT))
                && account.leases().stream()
                        .allMatch(lease -> lease.state() == LeaseAccount.State.RECLAIMED);
    }

    /**
     * What a holder says of an account that is not known says nothing of a loss: it was forgotten.
     */
    static boolean isForgotten(AccountKey key, Instant now) {
        var end = key.window().end();
        return end != null && !now.isBefore(end.plus(KEPT));
    }
}
