package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives money back to the ledger: what is idle, and what is left of leases whose window is over, by
 * their close. What is given back is in the log before the ledger hears of it. On the keeper's
 * thread.
 */
final class Returns {

    private static final long NANOS_PER_MICRO = 1_000;

    private final Wal wal;
    private final LedgerSession session;
    private final TimeSource time;
    private final HolderId holder;
    private final Supplier<Admitter> gate;
    private final ToldCheck told;

    Returns(
            Wal wal,
            LedgerSession session,
            TimeSource time,
            Supplier<Admitter> gate,
            ToldCheck told) {
        this.wal = wal;
        this.session = session;
        this.time = time;
        this.holder = wal.holder();
        this.gate = gate;
        this.told = told;
    }

    /** False: there was nothing to give back. */
    boolean giveBack(Counter counter, Lease lease) {
        var micros = lease.freeNanos() / NANOS_PER_MICRO;
        if (micros == 0) {
            return false;
        }
        if (counter.current() == lease) {
            counter.refusal = null; // before it is taken: whoever finds the lease empty may ask
        }
        if (!lease.take(micros * NANOS_PER_MICRO)) {
            return false;
        }
        var totals = wal.totals(lease.account, holder.bootEpoch());
        var returned = (totals == null ? 0 : totals.returnedMicros()) + micros;
        if (wal.append(new LogRecord.Return(lease.account, returned)) == 0) {
            lease.give(micros * NANOS_PER_MICRO);
            return false;
        }
        lease.sliceNanos = 0;
        lease.refillBelowNanos = 0;
        lease.returnedAtNanos = time.nanos();
        session.report(List.of(lease));
        return true;
    }

    /** The ledger has the final totals of a lease: neither the log nor this process keeps them. */
    void closed(AccountKey account, long bootEpoch) {
        wal.append(new LogRecord.Forget(account.toString(), bootEpoch));
        var counter = bootEpoch == holder.bootEpoch() ? find(account) : null;
        if (counter != null) {
            synchronized (counter.over) {
                counter.over.removeIf(lease -> lease.key.equals(account));
            }
        }
    }

    /** A lease of a window that is over is closed once nothing of it is open. */
    void closeOver(Counter counter, boolean sayAgain) {
        List<Lease> over;
        synchronized (counter.over) {
            if (counter.over.isEmpty()) {
                return;
            }
            over = List.copyOf(counter.over);
        }
        for (var lease : over) {
            close(lease, sayAgain);
        }
    }

    /** True: closed, as far as this process is concerned. */
    boolean close(Lease lease, boolean sayAgain) {
        if (!lease.idle()) {
            return false;
        }
        var counter = find(lease.key);
        if (counter != null && counter.hasAnother(lease)) {
            counter.leftTo(lease);
            leave(lease);
            return true; // the other one closes it
        }
        if (counter != null && counter.hasAnotherInUse(lease)) {
            return false;
        }
        var totals = wal.totals(lease.account, holder.bootEpoch());
        if (totals == null) {
            leave(lease);
            return true; // it never got anything
        }
        if (!totals.closed() && isEmpty(totals) && !lease.unclear && !isAsked(lease)) {
            // it never got a grant: closed, its account would be closed to this process, whose
            // clock may have been ahead of the ledger's
            wal.append(new LogRecord.Forget(lease.account, holder.bootEpoch()));
            leave(lease);
            return true;
        }
        if (!totals.closed()) {
            wal.append(new LogRecord.Close(lease.account, holder.bootEpoch()));
            totals = wal.totals(lease.account, holder.bootEpoch());
            if (totals == null || !totals.closed()) {
                return false; // something of it is open by the log
            }
            if (counter != null) {
                counter.closed(lease);
                told.exactly(totals, counter.settledNanos(lease));
            }
        } else if (!sayAgain) {
            return true;
        }
        session.close(totals);
        return true;
    }

    /** Nothing was granted, and nothing was spent above it either. */
    private static boolean isEmpty(LeaseTotals totals) {
        return totals.amountMicros() == 0
                && totals.settledMicros() == 0
                && totals.overrunMicros() == 0
                && totals.openMicros() == 0;
    }

    /**
     * Nobody waits, nothing is asked for, and of no lease of it anything is held, is unsettled, or
     * is in the log: what has ever had money is there until its window is over and the ledger has
     * its final totals.
     */
    boolean rests(Counter counter) {
        if (counter.asked != null || counter.waiting.get() > 0) {
            return false;
        }
        var lease = counter.current(); // before the others: once its window ends it is one of them
        if (counter.hasOthers()) {
            return false;
        }
        if (lease == null) {
            return true;
        }
        if (lease.granted || lease.unclear || !lease.idle()) {
            return false;
        }
        // once nobody is inside: all is in the log then
        var totals = wal.totals(lease.account, holder.bootEpoch());
        return totals == null || !totals.closed() && isEmpty(totals);
    }

    /** False: somebody has entered it meanwhile. */
    boolean forget(Counter counter) {
        counter.forget();
        if (!rests(counter)) {
            counter.remember();
            return false;
        }
        var lease = counter.current();
        if (lease != null && wal.totals(lease.account, holder.bootEpoch()) != null) {
            wal.append(new LogRecord.Forget(lease.account, holder.bootEpoch()));
        }
        return true;
    }

    private boolean isAsked(Lease lease) {
        var counter = find(lease.key);
        var asked = counter == null ? null : counter.asked;
        return asked != null && asked.lease() == lease;
    }

    private void leave(Lease lease) {
        var counter = find(lease.key);
        if (counter != null) {
            synchronized (counter.over) {
                counter.over.remove(lease);
            }
        }
    }

    private @Nullable Counter find(AccountKey key) {
        return gate.get().counter(key.budget(), key.subject());
    }
}
