package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.Window;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the ledger last said of accounts, whether or not this process has charged them: so that the
 * figures of a process that has just started are those of the account, and a freeze holds for a
 * lease that begins after it. Written by {@link LeaseKeeper}'s thread, read by any.
 */
final class LastHeard {

    /** One more is not kept: its figures are known once it is charged here. */
    private static final int ACCOUNTS_MAX = 100_000;

    private static final long NANOS_PER_MICRO = 1_000;

    /** However far the clock of this process is behind that of the ledger. */
    private static final long OVER_FOR_NANOS = 3_600_000_000_000L;

    /**
     * @param spentNanos settled and overrun, of all holders
     * @param endNanos end of the window by the monotonic clock; {@code Long.MAX_VALUE}: Lifetime
     */
    record Standing(AccountKey account, long spentNanos, long endNanos) {

        boolean isOver(long nowNanos) {
            return endNanos != Long.MAX_VALUE && nowNanos - endNanos >= 0;
        }
    }

    /** The ledger's wall clock at a moment of the monotonic clock of this process. */
    private record Clock(Instant ledger, long nanos) {}

    private record Name(String budget, String subject) {}

    /** Of each Budget and subject: more than one account if its period has changed. */
    private final ConcurrentHashMap<Name, List<Standing>> standings = new ConcurrentHashMap<>();

    private final Set<AccountKey> frozen = ConcurrentHashMap.newKeySet();
    private volatile boolean allFrozen;
    private volatile @Nullable Clock clock;

    /** A window that is over replaces none. */
    void hear(LedgerEffect.State state, long nowNanos) {
        var left = state.windowRemaining();
        hearClock(state.account().window(), left, nowNanos);
        var standing =
                new Standing(
                        state.account(),
                        Math.multiplyExact(state.settledMicros(), NANOS_PER_MICRO),
                        left == null ? Long.MAX_VALUE : nowNanos + left.toNanos());
        var name = new Name(state.account().budget(), state.account().subject());
        var known = standings.getOrDefault(name, List.of());
        if (known.isEmpty() && standings.size() >= ACCOUNTS_MAX) {
            standings.values().removeIf(all -> all.stream().allMatch(s -> s.isOver(nowNanos)));
        }
        boolean same = find(known, standing.account()) != null;
        boolean room = !known.isEmpty() || standings.size() < ACCOUNTS_MAX;
        if (!same && (!room || standing.isOver(nowNanos))) {
            return;
        }
        var all = new ArrayList<Standing>(1);
        for (var each : known) {
            if (!each.account().equals(standing.account()) && !each.isOver(nowNanos)) {
                all.add(each);
            }
        }
        all.add(standing.isOver(nowNanos) ? 0 : all.size(), standing);
        standings.put(name, List.copyOf(all));
    }

    /** What was long on its way tells an earlier time; a window that is over tells none. */
    private void hearClock(Window window, @Nullable Duration left, long nowNanos) {
        var end = window.end();
        if (end != null && left != null && left.isPositive()) {
            clock = new Clock(end.minus(left), nowNanos);
        }
    }

    /** The ledger's clock is past the window; false if nothing was heard of that clock so far. */
    boolean isOver(Window window, long nowNanos) {
        var known = clock;
        return known != null && window.isOver(known.ledger().plusNanos(nowNanos - known.nanos()));
    }

    /**
     * Of windows that are long over nobody asks. Of a Budget that is gone the others stay: it may
     * be made again, and goes on with its account.
     */
    void forgetOver(long nowNanos) {
        standings
                .values()
                .removeIf(all -> all.stream().allMatch(s -> s.isOver(nowNanos - OVER_FOR_NANOS)));
    }

    /** Budgets and subjects that something is known of. */
    int size() {
        return standings.size();
    }

    /** Zero if nothing was heard of it. */
    long spentNanos(AccountKey account) {
        var name = new Name(account.budget(), account.subject());
        var known = find(standings.getOrDefault(name, List.of()), account);
        return known == null ? 0 : known.spentNanos();
    }

    /** Of windows that are not over, of each Budget and subject the wanted one last heard of. */
    List<Standing> all(long nowNanos, Predicate<AccountKey> wanted) {
        var all = new ArrayList<Standing>();
        for (var known : standings.values()) {
            for (var each : known.reversed()) {
                if (!each.isOver(nowNanos) && wanted.test(each.account())) {
                    all.add(each);
                    break;
                }
            }
        }
        return all;
    }

    /**
     * The ledger gives nothing of the account, whether or not there is a lease of it here, or again
     * gives of it; null: of all.
     */
    void freeze(@Nullable AccountKey account, boolean is) {
        if (account == null) {
            allFrozen = is;
            if (!is) {
                frozen.clear();
            }
        } else if (!is) {
            frozen.remove(account);
        } else if (frozen.size() < ACCOUNTS_MAX) {
            frozen.add(account); // the ledger refuses one more all the same
        }
    }

    boolean isFrozen(AccountKey account) {
        return allFrozen || frozen.contains(account);
    }

    /** Another ledger answers from now on, which tells what it gives nothing of. */
    void thaw() {
        freeze(null, false);
    }

    private static @Nullable Standing find(List<Standing> all, AccountKey account) {
        for (var each : all) {
            if (each.account().equals(account)) {
                return each;
            }
        }
        return null;
    }
}
