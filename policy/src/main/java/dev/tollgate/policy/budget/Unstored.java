package dev.tollgate.policy.budget;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Leases that holders named when they registered, and of which the store has not taken the totals
 * yet. They may prove that the store has forgotten something: until they are stored their account
 * gives nothing, stays frozen if it is, and the store is not called sound. Any thread.
 */
final class Unstored {

    private record Lease(HolderId holder, AccountKey account) {}

    /** Who told of it last. */
    private final Map<Lease, HolderId> leases = new ConcurrentHashMap<>();

    /** What an earlier start of the log told, this one has told again, as far as the log knows. */
    void toldAll(HolderId from) {
        leases.values()
                .removeIf(
                        told ->
                                told.logId().equals(from.logId())
                                        && told.bootEpoch() < from.bootEpoch());
    }

    void add(HolderId from, LeaseTotals totals) {
        leases.put(lease(from, totals), from);
    }

    void stored(HolderId from, LeaseTotals totals) {
        leases.remove(lease(from, totals), from);
    }

    /** The account is no more: what was told of it counts nothing. */
    void forget(AccountKey account) {
        leases.keySet().removeIf(lease -> lease.account().equals(account));
    }

    boolean contains(AccountKey account) {
        return !leases.isEmpty()
                && leases.keySet().stream().anyMatch(lease -> lease.account().equals(account));
    }

    Set<AccountKey> accounts() {
        return leases.keySet().stream().map(Lease::account).collect(Collectors.toSet());
    }

    private static Lease lease(HolderId from, LeaseTotals totals) {
        return new Lease(new HolderId(from.logId(), totals.bootEpoch()), totals.account());
    }
}
