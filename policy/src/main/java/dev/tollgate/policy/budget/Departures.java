package dev.tollgate.policy.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which holders may be forgotten: each pod has a log of its own, so that without an end all pods
 * that there ever were would be known. One that has left for a day goes, if no account has a lease
 * of its log, lost and reclaimed ones too, and nothing that it said waits to be written: whatever
 * it could say again counts nothing, also where the account names it as closed. Should it come back
 * it registers, as any other. Confined to one thread.
 */
final class Departures {

    static final Duration KEPT = Duration.ofDays(1);

    static final Duration EVERY = Retention.EVERY;

    private final Map<HolderId, Instant> restsSince = new HashMap<>();
    private @Nullable Instant lookedAt;

    /**
     * Who may be forgotten now; most of the time it does not look.
     *
     * @param accounts all that are known
     * @param waiting logs of those that have said what is not written yet
     */
    List<HolderId> due(
            Sessions sessions,
            Supplier<List<Account>> accounts,
            Supplier<Set<String>> waiting,
            Instant now) {
        var looked = lookedAt;
        if (looked != null && !now.isBefore(looked) && now.isBefore(looked.plus(EVERY))) {
            return List.of();
        }
        lookedAt = now;
        var departed = sessions.departed();
        if (departed.isEmpty()) {
            restsSince.clear();
            return List.of();
        }
        var needed = new HashSet<>(waiting.get());
        for (var account : accounts.get()) {
            account.leases().forEach(lease -> needed.add(lease.holder().logId()));
        }
        var due = new ArrayList<HolderId>();
        var rest = new HashMap<HolderId, Instant>();
        for (var holder : departed) {
            if (needed.contains(holder.logId())) {
                continue;
            }
            var known = restsSince.get(holder);
            var since = known == null || now.isBefore(known) ? now : known;
            if (now.isBefore(since.plus(KEPT))) {
                rest.put(holder, since);
            } else {
                due.add(holder);
            }
        }
        restsSince.clear();
        restsSince.putAll(rest);
        return due;
    }
}
