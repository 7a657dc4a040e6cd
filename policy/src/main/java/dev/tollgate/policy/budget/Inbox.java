package dev.tollgate.policy.budget;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * What holders have said of accounts and what is not written yet: of each lease the last totals, of
 * each holder the last Acquire, so that it has room for all that a fleet can say. Accounts stand in
 * line for the writes that nobody waits for; those of which money is asked for go first. Any
 * thread.
 */
final class Inbox {

    /** What is said of one account: totals first, as an Acquire is answered with what they free. */
    record Said(List<Told> totals, List<LedgerCommand.Acquire> acquires) {
        static final Said NOTHING = new Said(List.of(), List.of());

        int size() {
            return totals.size() + acquires.size();
        }
    }

    /** Totals, and who says them. */
    record Told(HolderId from, LeaseTotals totals) {}

    private record Lease(HolderId from, long bootEpoch) {}

    private static final class Box {
        final Map<Lease, LeaseTotals> totals = new LinkedHashMap<>();
        final Map<HolderId, LedgerCommand.Acquire> acquires = new LinkedHashMap<>();
    }

    private final Map<AccountKey, Box> boxes = new HashMap<>();
    private final LinkedHashSet<AccountKey> asking = new LinkedHashSet<>();
    private final LinkedHashSet<AccountKey> telling = new LinkedHashSet<>();

    /** Later totals of a lease stand for earlier ones, and final ones for all. */
    synchronized void put(HolderId from, LeaseTotals totals) {
        var lease = new Lease(from, totals.bootEpoch());
        var box = box(totals.account());
        var before = box.totals.get(lease);
        if (before == null || totals.closed() || !before.closed()) {
            box.totals.put(lease, totals);
        }
        if (!asking.contains(totals.account())) {
            telling.add(totals.account());
        }
    }

    /** Again, as the store did not take it, unless something was said meanwhile. */
    synchronized void putBack(Told told) {
        var lease = new Lease(told.from(), told.totals().bootEpoch());
        if (box(told.totals().account()).totals.putIfAbsent(lease, told.totals()) == null) {
            telling.add(told.totals().account());
        }
    }

    /** A later Acquire of a lease stands for an earlier one. */
    synchronized void put(LedgerCommand.Acquire acquire) {
        box(acquire.account())
                .acquires
                .merge(acquire.holder(), acquire, (a, b) -> b.request() >= a.request() ? b : a);
        telling.remove(acquire.account());
        asking.add(acquire.account());
    }

    private Box box(AccountKey account) {
        return boxes.computeIfAbsent(account, key -> new Box());
    }

    /** All that is said of the account; it leaves the line. */
    synchronized Said take(AccountKey account) {
        asking.remove(account);
        telling.remove(account);
        var box = boxes.remove(account);
        if (box == null) {
            return Said.NOTHING;
        }
        var totals = new ArrayList<Told>(box.totals.size());
        box.totals.forEach((lease, told) -> totals.add(new Told(lease.from(), told)));
        return new Said(totals, List.copyOf(box.acquires.values()));
    }

    /** Those that have stood in line the longest. They leave it, and what is said stays. */
    synchronized List<AccountKey> next(int most) {
        var next = new ArrayList<AccountKey>();
        for (var line : List.of(asking, telling)) {
            var accounts = new ArrayDeque<>(line);
            while (next.size() < most && !accounts.isEmpty()) {
                var account = accounts.remove();
                line.remove(account);
                next.add(account);
            }
        }
        return next;
    }

    /** Of the Budget, {@code namespace/name}: the accounts of which something is said. */
    synchronized List<AccountKey> of(String budget) {
        return boxes.keySet().stream().filter(key -> key.budget().equals(budget)).sorted().toList();
    }

    synchronized void forget(AccountKey account) {
        take(account);
    }
}
