package dev.tollgate.policy.budget;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What holders have said of accounts and what is not written yet: of each lease the last totals, of
 * each holder the last Acquire, so that it has room for all that a fleet can say. Accounts stand in
 * line for the writes that nobody waits for; those of which money is asked for go first, most of
 * the time. One whose totals the store has refused stands aside, longer each time, unless somebody
 * asks or waits. Any thread.
 */
final class Inbox {

    /**
     * What is said of one account: totals first, as an Acquire is answered with what they free;
     * then who waits, then who asks ahead.
     */
    record Said(List<Told> totals, List<LedgerCommand.Acquire> acquires) {
        static final Said NOTHING = new Said(List.of(), List.of());

        Said {
            totals = List.copyOf(totals);
            acquires = List.copyOf(acquires);
        }
    }

    /** Totals, and who says them. */
    record Told(HolderId from, LeaseTotals totals) {}

    private record Lease(HolderId from, long bootEpoch) {}

    private static final class Box {
        final Map<Lease, LeaseTotals> totals = new LinkedHashMap<>();
        final Map<HolderId, LedgerCommand.Acquire> acquires = new LinkedHashMap<>();
    }

    /**
     * @param pauseTicks after the last of its refusals in a row
     * @param dueTick when it stands in line again
     */
    private record Refused(int pauseTicks, long dueTick) {}

    static final int PAUSE_TICKS_MAX = 16;

    /** Of so many turns, one is of an account that only tells, however many ask. */
    private static final int TELLING_EACH = 4;

    private final Map<AccountKey, Box> boxes = new HashMap<>();
    private final LinkedHashSet<AccountKey> hurried = new LinkedHashSet<>();
    private final LinkedHashSet<AccountKey> asking = new LinkedHashSet<>();
    private final LinkedHashSet<AccountKey> telling = new LinkedHashSet<>();
    private final Map<AccountKey, Refused> refused = new LinkedHashMap<>();
    private long ticks;
    private int turns = 1;

    /** Later totals of a lease stand for earlier ones, in whatever order they come. */
    synchronized void put(HolderId from, LeaseTotals totals) {
        box(totals.account())
                .totals
                .merge(
                        new Lease(from, totals.bootEpoch()),
                        totals,
                        (a, b) -> isLater(b, a) ? b : a);
        var last = refused.get(totals.account());
        if (last == null || last.dueTick() <= ticks) {
            lineUp(totals.account());
        }
    }

    private void lineUp(AccountKey account) {
        if (!hurried.contains(account) && !asking.contains(account)) {
            telling.add(account);
        }
    }

    /**
     * The store has taken all that was said of it, or not all: what was put back waits. That it was
     * tried in between, for somebody, makes the pause no longer.
     */
    synchronized void written(AccountKey account, boolean whole) {
        var last = refused.get(account);
        if (whole || !boxes.containsKey(account)) {
            refused.remove(account);
            if (last != null && boxes.containsKey(account)) {
                lineUp(account); // for what was said while it stood aside
            }
            return;
        }
        telling.remove(account);
        if (last == null || last.dueTick() <= ticks) {
            var pause = last == null ? 1 : Math.min(PAUSE_TICKS_MAX, 2 * last.pauseTicks());
            refused.put(account, new Refused(pause, ticks + pause));
        }
    }

    /** About once a second. */
    synchronized void tick() {
        ticks++;
        refused.forEach(
                (account, last) -> {
                    if (last.dueTick() == ticks) {
                        lineUp(account);
                    }
                });
    }

    /** The account is no more. */
    synchronized void forget(AccountKey account) {
        take(account);
        refused.remove(account);
    }

    private static boolean isLater(LeaseTotals one, LeaseTotals other) {
        return one.closed()
                || !other.closed()
                        && one.amountMicros() >= other.amountMicros()
                        && one.settledMicros() >= other.settledMicros()
                        && one.returnedMicros() >= other.returnedMicros()
                        && one.overrunMicros() >= other.overrunMicros();
    }

    /** A later Acquire of a lease stands for an earlier one. */
    synchronized void put(LedgerCommand.Acquire acquire) {
        box(acquire.account())
                .acquires
                .merge(acquire.holder(), acquire, (a, b) -> b.request() >= a.request() ? b : a);
        if (!hurried.contains(acquire.account())) {
            telling.remove(acquire.account());
            asking.add(acquire.account());
        }
    }

    /** It goes before all that stand in line. */
    synchronized void hurry(AccountKey account) {
        asking.remove(account);
        telling.remove(account);
        hurried.add(account);
    }

    private Box box(AccountKey account) {
        return boxes.computeIfAbsent(account, key -> new Box());
    }

    /** All that is said of the account; it leaves the line. */
    synchronized Said take(AccountKey account) {
        hurried.remove(account);
        asking.remove(account);
        telling.remove(account);
        var totals = told(account);
        var box = boxes.remove(account);
        if (box == null) {
            return Said.NOTHING;
        }
        var acquires = new ArrayList<>(box.acquires.values());
        acquires.sort(Comparator.comparing(acquire -> acquire.amountMicros() == 0));
        return new Said(totals, acquires);
    }

    /** The totals that wait for the account's turn. */
    synchronized List<Told> told(AccountKey account) {
        var box = boxes.get(account);
        if (box == null) {
            return List.of();
        }
        var told = new ArrayList<Told>(box.totals.size());
        box.totals.forEach((lease, totals) -> told.add(new Told(lease.from(), totals)));
        return told;
    }

    /** Logs of those that have said what is not written yet. */
    synchronized Set<String> logs() {
        var logs = new HashSet<String>();
        for (var box : boxes.values()) {
            box.totals.keySet().forEach(lease -> logs.add(lease.from().logId()));
            box.acquires.keySet().forEach(holder -> logs.add(holder.logId()));
        }
        return logs;
    }

    /** Those that have stood in line the longest. They leave it, and what is said stays. */
    synchronized List<AccountKey> next(int most) {
        var next = new ArrayList<AccountKey>();
        while (next.size() < most && !hurried.isEmpty()) {
            next.add(hurried.removeFirst());
        }
        while (next.size() < most && !(asking.isEmpty() && telling.isEmpty())) {
            var tells = asking.isEmpty() || !telling.isEmpty() && turns % TELLING_EACH == 0;
            next.add((tells ? telling : asking).removeFirst());
            turns++;
        }
        return next;
    }
}
