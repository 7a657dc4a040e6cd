package dev.tollgate.policy.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which holders the ledger knows: for each log the highest boot epoch that has registered, and
 * whether its connection stands. Immutable. Fencing: a lower epoch, or the same one from another
 * proxy, is refused. What is known here dies with the ledger's process, and with it every
 * connection over which an old message could still arrive.
 */
record Sessions(Map<String, Session> byLog) {

    static final Sessions NONE = new Sessions(Map.of());

    /**
     * @param closed accounts whose lease this holder has closed of late: it gets no other one
     * @param denied accounts of which this holder was refused money since its last grant
     */
    record Session(
            long bootEpoch,
            String proxy,
            boolean connected,
            Closed closed,
            Set<AccountKey> denied) {
        Session {
            denied = Set.copyOf(denied);
        }
    }

    /**
     * Accounts, each for at least {@link #KEPT}; then the closes of later hours take their place.
     * Longer does no harm: what a holder has closed it asks for no more. What was said before the
     * close and comes later than that would count as another lease: too much, and never too little.
     *
     * @param since when the recent ones began
     */
    record Closed(Instant since, Keys recent, Keys earlier) {

        static final Duration KEPT = Duration.ofHours(1);

        static final Closed NONE = new Closed(Instant.EPOCH, Keys.NONE, Keys.NONE);

        boolean contains(AccountKey account) {
            return recent.contains(account) || earlier.contains(account);
        }

        int size() {
            return recent.size() + earlier.size();
        }

        Closed plus(AccountKey account, Instant now) {
            return now.isBefore(since.plus(KEPT))
                    ? new Closed(since, recent.plus(account), earlier)
                    : new Closed(now, Keys.NONE.plus(account), recent);
        }
    }

    /**
     * A set to which one more is added at the cost of a few.
     *
     * @param sets each one larger than the next
     */
    record Keys(List<Set<AccountKey>> sets) {

        static final Keys NONE = new Keys(List.of());

        Keys {
            sets = List.copyOf(sets);
        }

        boolean contains(AccountKey account) {
            for (var set : sets) {
                if (set.contains(account)) {
                    return true;
                }
            }
            return false;
        }

        int size() {
            return sets.stream().mapToInt(Set::size).sum();
        }

        Keys plus(AccountKey account) {
            var next = new ArrayList<>(sets);
            var last = Set.of(account);
            while (!next.isEmpty() && next.getLast().size() <= last.size()) {
                var both = new HashSet<>(next.removeLast());
                both.addAll(last);
                last = Set.copyOf(both);
            }
            next.add(last);
            return new Keys(next);
        }
    }

    Sessions {
        byLog = Map.copyOf(byLog);
    }

    /** Null: the holder may register; else why not. */
    @Nullable String refusal(HolderId holder, String proxy) {
        var known = byLog.get(holder.logId());
        if (known == null || known.bootEpoch() < holder.bootEpoch()) {
            return null;
        }
        if (known.bootEpoch() > holder.bootEpoch()) {
            return "boot epoch "
                    + holder.bootEpoch()
                    + " is over (expected: >= "
                    + known.bootEpoch()
                    + ")";
        }
        return known.proxy().equals(proxy)
                ? null
                : "boot epoch " + holder.bootEpoch() + " belongs to " + known.proxy();
    }

    Sessions register(HolderId holder, String proxy) {
        var known = byLog.get(holder.logId());
        var closed =
                known != null && known.bootEpoch() == holder.bootEpoch()
                        ? known.closed()
                        : Closed.NONE;
        return with(holder.logId(), new Session(holder.bootEpoch(), proxy, true, closed, Set.of()));
    }

    Sessions disconnected(HolderId holder) {
        var known = of(holder);
        return known == null
                ? this
                : with(
                        holder.logId(),
                        new Session(
                                known.bootEpoch(),
                                known.proxy(),
                                false,
                                known.closed(),
                                known.denied()));
    }

    Sessions closed(HolderId holder, AccountKey account, Instant now) {
        var known = of(holder);
        return known == null || known.closed().contains(account)
                ? this
                : with(
                        holder.logId(),
                        new Session(
                                known.bootEpoch(),
                                known.proxy(),
                                known.connected(),
                                known.closed().plus(account, now),
                                known.denied()));
    }

    /** Remembers, or forgets, that the holder waits for money of this account. */
    Sessions denied(HolderId holder, AccountKey account, boolean denied) {
        var known = of(holder);
        if (known == null || known.denied().contains(account) == denied) {
            return this;
        }
        var set = new HashSet<>(known.denied());
        if (denied) {
            set.add(account);
        } else {
            set.remove(account);
        }
        return with(
                holder.logId(),
                new Session(
                        known.bootEpoch(), known.proxy(), known.connected(), known.closed(), set));
    }

    /** Those that are not connected. */
    List<HolderId> departed() {
        var holders = new ArrayList<HolderId>();
        byLog.forEach(
                (logId, session) -> {
                    if (!session.connected()) {
                        holders.add(new HolderId(logId, session.bootEpoch()));
                    }
                });
        return holders;
    }

    /** Forgets it, unless it is connected again or has started anew. */
    Sessions without(HolderId holder) {
        var known = of(holder);
        if (known == null || known.connected()) {
            return this;
        }
        var sessions = new HashMap<>(byLog);
        sessions.remove(holder.logId());
        return new Sessions(sessions);
    }

    /** The account is no more: nobody waits for its money. */
    Sessions forgotten(AccountKey account) {
        var next = this;
        for (var each : byLog.entrySet()) {
            var holder = new HolderId(each.getKey(), each.getValue().bootEpoch());
            next = next.denied(holder, account, false);
        }
        return next;
    }

    /** The session of exactly this epoch, if its connection stands. */
    @Nullable Session connected(HolderId holder) {
        var known = of(holder);
        return known != null && known.connected() ? known : null;
    }

    /** Whether this start of the log has closed its lease, be it connected or not. */
    boolean hasClosed(HolderId holder, AccountKey account) {
        var known = of(holder);
        return known != null && known.closed().contains(account);
    }

    /** It is the last start of its log that has registered, be it connected or not. */
    boolean isLast(HolderId holder) {
        return of(holder) != null;
    }

    /** Somebody was refused money of this account since its last grant. */
    boolean isDenied(AccountKey account) {
        for (var session : byLog.values()) {
            if (session.connected() && session.denied().contains(account)) {
                return true;
            }
        }
        return false;
    }

    Whereabouts whereabouts(HolderId holder) {
        var session = byLog.get(holder.logId());
        if (session == null || session.bootEpoch() < holder.bootEpoch()) {
            return new Whereabouts.Unheard();
        }
        if (session.bootEpoch() > holder.bootEpoch()) {
            return new Whereabouts.Succeeded(session.bootEpoch());
        }
        return session.connected()
                ? new Whereabouts.Connected(session.proxy())
                : new Whereabouts.Away(session.proxy());
    }

    /** Names of those that are connected. */
    Set<String> proxies() {
        var names = new HashSet<String>();
        for (var session : byLog.values()) {
            if (session.connected()) {
                names.add(session.proxy());
            }
        }
        return Set.copyOf(names);
    }

    /** Those that are connected. */
    List<HolderId> holders() {
        var holders = new ArrayList<HolderId>();
        byLog.forEach(
                (logId, session) -> {
                    if (session.connected()) {
                        holders.add(new HolderId(logId, session.bootEpoch()));
                    }
                });
        return holders;
    }

    int live() {
        var live = 0;
        for (var session : byLog.values()) {
            live += session.connected() ? 1 : 0;
        }
        return live;
    }

    private @Nullable Session of(HolderId holder) {
        var known = byLog.get(holder.logId());
        return known != null && known.bootEpoch() == holder.bootEpoch() ? known : null;
    }

    private Sessions with(String logId, Session session) {
        var sessions = new HashMap<>(byLog);
        sessions.put(logId, session);
        return new Sessions(sessions);
    }
}
