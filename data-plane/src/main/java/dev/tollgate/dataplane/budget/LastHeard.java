package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.LedgerEffect;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the ledger last said of accounts, whether or not this process has charged them: so that the
 * figures of a process that has just started are those of the account. Written by {@link
 * LeaseKeeper}'s thread, read by any.
 */
final class LastHeard {

    /** One more is not kept: its figures are known once it is charged here. */
    private static final int ACCOUNTS_MAX = 100_000;

    private static final long NANOS_PER_MICRO = 1_000;

    /**
     * @param spentNanos settled and overrun, of all holders
     * @param endNanos end of the window by the monotonic clock; {@code Long.MAX_VALUE}: Lifetime
     */
    record Standing(AccountKey account, long spentNanos, long endNanos) {

        boolean isOver(long nowNanos) {
            return endNanos != Long.MAX_VALUE && nowNanos - endNanos >= 0;
        }
    }

    private record Name(String budget, String subject) {}

    private final ConcurrentHashMap<Name, Standing> standings = new ConcurrentHashMap<>();

    /** A window that is over replaces none. */
    void hear(LedgerEffect.State state, long nowNanos) {
        var left = state.windowRemaining();
        var standing =
                new Standing(
                        state.account(),
                        Math.multiplyExact(state.settledMicros(), NANOS_PER_MICRO),
                        left == null ? Long.MAX_VALUE : nowNanos + left.toNanos());
        var name = new Name(state.account().budget(), state.account().subject());
        var known = standings.get(name);
        if (known == null && standings.size() >= ACCOUNTS_MAX) {
            standings.values().removeIf(each -> each.isOver(nowNanos));
        }
        boolean same = known != null && known.account().equals(standing.account());
        boolean room = known != null || standings.size() < ACCOUNTS_MAX;
        if (same || room && !standing.isOver(nowNanos)) {
            standings.put(name, standing);
        }
    }

    /** Zero if nothing was heard of it. */
    long spentNanos(AccountKey account) {
        var known = standings.get(new Name(account.budget(), account.subject()));
        return known == null || !known.account().equals(account) ? 0 : known.spentNanos();
    }

    /** Of windows that are not over. */
    List<Standing> all(long nowNanos) {
        return standings.values().stream().filter(each -> !each.isOver(nowNanos)).toList();
    }
}
