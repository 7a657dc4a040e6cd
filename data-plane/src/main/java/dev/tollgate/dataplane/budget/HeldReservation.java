package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/** A reservation over the leases that were taken from. Its settlement is logged once. */
final class HeldReservation implements Reservation {

    /** What one budget holds for it. */
    record Part(Counter counter, Lease lease, BudgetEntry entry, long heldNanos) {}

    private final Claim claim;
    final List<Part> parts;
    private final List<BudgetView> views;
    private final List<WouldRefuse> wouldRefuse;
    private final long intent;
    private final Wal wal;
    private final LeaseKeeper keeper;
    private final LongAdder doubleSettles;
    private final AtomicBoolean settled = new AtomicBoolean();
    private volatile long chargedNanos;

    HeldReservation(
            Claim claim,
            List<Part> parts,
            List<WouldRefuse> wouldRefuse,
            long intent,
            Wal wal,
            LeaseKeeper keeper,
            LongAdder doubleSettles) {
        this.claim = claim;
        this.parts = parts;
        this.wouldRefuse = List.copyOf(wouldRefuse);
        this.intent = intent;
        this.wal = wal;
        this.keeper = keeper;
        this.doubleSettles = doubleSettles;
        var list = new ArrayList<BudgetView>(parts.size());
        for (var part : parts) {
            list.add(part.counter().view(part.entry()));
        }
        this.views = List.copyOf(list);
    }

    @Override
    public Money held() {
        return claim.bound();
    }

    @Override
    public List<BudgetView> budgets() {
        return views;
    }

    @Override
    public List<WouldRefuse> wouldRefuse() {
        return wouldRefuse;
    }

    @Override
    public boolean counts() {
        if (settled.get() || intent == 0 && !parts.isEmpty()) {
            return false;
        }
        var budgets = claim.budgets();
        for (var i = 0; i < budgets.size(); i++) {
            if (!isCovered(budgets.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Who is not Hard may spend what it does not hold, and without the log. */
    private boolean isCovered(BudgetEntry entry) {
        var bound = claim.attempt().boundNanos();
        if (entry.mode() != BudgetEntry.Mode.HARD
                || entry.limitMicros() == null
                || entry.period() == null
                || bound == 0) {
            return true;
        }
        for (var i = 0; i < parts.size(); i++) {
            var part = parts.get(i);
            if (part.heldNanos() == bound && part.entry().key().equals(entry.key())) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Money charged() {
        return new Money(chargedNanos);
    }

    @Override
    public void settle(Money cost, boolean assumed) {
        if (cost.nanos() < 0) {
            throw new IllegalArgumentException("cost: " + cost + " (expected: >= 0)");
        }
        if (!settled.compareAndSet(false, true)) {
            doubleSettles.increment();
            return;
        }
        var nanos = cost.nanos();
        if (intent == 0) {
            chargedNanos = nanos; // to nobody, or counted as what the log could not take
            return;
        }
        var above = claim.proven() && nanos > claim.most().nanos();
        var violation = above && !assumed;
        if (above && assumed) {
            keeper.unexplained(claim, nanos);
        }
        var least = nanos;
        var charges = new ArrayList<LogRecord.Charge>(parts.size());
        var taken = new long[parts.size()];
        for (var i = 0; i < taken.length; i++) {
            var part = parts.get(i);
            var excess = Math.max(0, nanos - part.heldNanos());
            // whoever pays for the excess, it is not there for others to spend
            taken[i] = part.lease().takeUpTo(excess);
            var overrun = violation ? excess : excess - taken[i];
            var charge = new LogRecord.Charge(part.lease().account, nanos - overrun, overrun);
            charges.add(charge);
            least = Math.min(least, charge.settledNanos() + charge.overrunNanos());
        }
        // logged before the rest can be taken again, so that the log never holds more than the
        // lease
        wal.append(new LogRecord.Settle(intent, nanos, assumed, charges));
        chargedNanos = least;
        for (var i = 0; i < taken.length; i++) {
            var part = parts.get(i);
            var lease = part.lease();
            if (violation) {
                keeper.takeBack(part.counter(), lease, taken[i]);
            }
            lease.spentNanos.addAndGet(nanos);
            lease.heldNanos.addAndGet(-part.heldNanos());
            if (part.heldNanos() > nanos) {
                lease.give(part.heldNanos() - nanos);
            }
            lease.leave();
            keeper.settled(part.counter(), lease);
        }
        if (violation) {
            for (var part : parts) {
                keeper.violated(part.counter(), part.entry(), claim, cost);
            }
        }
    }
}
