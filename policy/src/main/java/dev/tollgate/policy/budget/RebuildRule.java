package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of an account of which the store has forgotten something: the greater of what is
 * there and of what a holder, or this ledger, knows. It is frozen from then on, and says so itself,
 * so that the next ledger knows it too.
 *
 * @param epoch fencing number of the ledger that applies the rule
 */
record RebuildRule(long epoch) {

    /**
     * What is rebuilt leaves a number out: by that the guards of the stores know it from a grant.
     */
    static final int SEQ_STEP = 2;

    /**
     * Nothing changes if an earlier ledger has counted it meanwhile, or if the lease is not known
     * and there is no room for one more.
     */
    Transition restore(Account account, AccountCommand.Restore command) {
        var totals = command.totals();
        var holder = new HolderId(command.from().logId(), totals.bootEpoch());
        var known = account.lease(holder);
        if (!Ledger.regressed(account, command.from(), totals)
                || known == null && !account.hasRoom()) {
            return Transition.to(account);
        }
        var lease = known == null ? LeaseAccount.opened(holder) : known;
        var amount = Math.max(lease.amountMicros(), totals.amountMicros());
        var next = account.withLease(lease.told(command.from(), totals, amount));
        return Transition.to(
                new Account(
                        account.key(),
                        account.limitMicros(),
                        next.settledMicros(),
                        next.overrunMicros(),
                        account.resetMicros(),
                        later(account.resetAt(), command.resetAt()),
                        Math.max(account.seq() + SEQ_STEP, totals.seq()),
                        epoch,
                        next.leases(),
                        next.closed(),
                        account.knownUpTo()));
    }

    Transition rebuild(Account account, Account remembered) {
        var leases = new ArrayList<LeaseAccount>();
        boolean earlier = account.seq() < remembered.seq() && account.epoch() <= remembered.epoch();
        for (var lease : account.leases()) {
            var known = remembered.lease(lease.holder());
            if (known != null) {
                leases.add(lease.greater(known));
            } else if (!earlier) {
                leases.add(lease); // else it was closed since
            }
        }
        // written by this ledger, which was not told so: it knew all that is remembered
        boolean later = account.seq() > remembered.seq() && account.epoch() == epoch;
        var knows = later ? account : remembered;
        for (var lease : remembered.leases()) {
            if (account.lease(lease.holder()) == null && !later) {
                leases.add(lease); // else it was closed since
            }
        }
        var settled = Math.max(account.settledOfClosedMicros(), remembered.settledOfClosedMicros());
        var overrun = Math.max(account.overrunOfClosedMicros(), remembered.overrunOfClosedMicros());
        for (var lease : leases) {
            settled = Math.addExact(settled, lease.settledMicros());
            overrun = Math.addExact(overrun, lease.overrunMicros());
        }
        var closed = new LinkedHashSet<>(account.closed());
        closed.removeAll(remembered.closed()); // what is remembered is later
        closed.addAll(remembered.closed());
        leases.forEach(lease -> closed.remove(lease.holder()));
        var resetMicros = Math.max(account.resetMicros(), remembered.resetMicros());
        return Transition.to(
                new Account(
                        account.key(),
                        Math.addExact(account.amountMicros(), resetMicros),
                        settled,
                        overrun,
                        resetMicros,
                        later(account.resetAt(), remembered.resetAt()),
                        Math.max(account.seq(), remembered.seq()) + SEQ_STEP,
                        epoch,
                        leases,
                        List.copyOf(closed),
                        knows.knownUpTo()));
    }

    private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return a.isAfter(b) ? a : b;
    }
}
