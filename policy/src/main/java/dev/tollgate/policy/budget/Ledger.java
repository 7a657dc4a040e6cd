package dev.tollgate.policy.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rules of an account: a pure function from one to the next. A grant is charged in full when it
 * is given, and time never gives it back: only what its holder returns or proves at the close of
 * its lease does. The invariants I1, I2 and I5 are checked in every step, in production too; a
 * violation is a bug and throws, and nothing is written.
 *
 * <pre>
 * lease:  (none) --Acquire, Open--> OPEN --Suspect--> SUSPECT
 *                                    |                   |
 *                                    +--Reclaim----------+--> RECLAIMED
 *                                    |                   |        |
 *                                    +--Totals, closed---+--------+--> (none)
 * </pre>
 *
 * @param epoch fencing number of the ledger that applies the rules
 */
record Ledger(long epoch) {

    /** How long a holder may take to return idle money that was recalled, and the way of it. */
    private static final Duration RECALL_TAKES = Duration.ofMillis(600);

    /**
     * What is rebuilt leaves a number out: by that the guards of the stores know it from a grant.
     */
    private static final int REBUILT = 2;

    Transition apply(Account account, AccountCommand command, Instant now) {
        if (account.epoch() > epoch) {
            throw new IllegalStateException(
                    account.key() + ": epoch " + account.epoch() + " (expected: <= " + epoch + ")");
        }
        var transition =
                switch (command) {
                    case AccountCommand.Acquire acquire -> acquire(account, acquire, now);
                    case AccountCommand.Totals totals -> totals(account, totals, now);
                    case AccountCommand.SetLimit limit -> setLimit(account, limit.amountMicros());
                    case AccountCommand.Reset reset -> reset(account, reset.at());
                    case AccountCommand.Suspect suspect -> suspect(account, suspect.holder());
                    case AccountCommand.Restore restore -> restore(account, restore);
                    case AccountCommand.Rebuild rebuild -> rebuild(account, rebuild.remembered());
                    case AccountCommand.Open open -> open(account, open.holder());
                    case AccountCommand.Reclaim reclaim -> reclaim(account, reclaim.holder());
                };
        if (!transition.account().equals(account)) {
            var rebuilt =
                    command instanceof AccountCommand.Restore
                            || command instanceof AccountCommand.Rebuild;
            check(account, transition.account(), rebuilt);
        }
        return transition;
    }

    /** The holder has seen what this account does not know: the store has forgotten something. */
    static boolean regressed(Account account, HolderId from, LeaseTotals totals) {
        if (totals.seq() > account.seq()) {
            return true;
        }
        var lease = account.lease(new HolderId(from.logId(), totals.bootEpoch()));
        if (lease == null) {
            return !totals.closed()
                    && totals.amountMicros() > 0
                    && totals.bootEpoch() == from.bootEpoch();
        }
        return totals.amountMicros() > lease.amountMicros();
    }

    private Transition acquire(Account account, AccountCommand.Acquire command, Instant now) {
        var said = command.said();
        var lease = account.lease(said.holder());
        boolean open = lease == null || lease.state() == LeaseAccount.State.OPEN;
        if (lease != null
                && said.request() <= lease.lastAcquire()
                && lease.state() != LeaseAccount.State.RECLAIMED) {
            return unchanged(account, grant(account, lease, command, now, said.direct()));
        }
        if (!open || hasLaterEpoch(account, said.holder())) {
            return denied(account, command, DeniedReason.UNKNOWN_ACCOUNT, Duration.ZERO);
        }
        if (lease == null && account.leases().size() >= Account.MAX_LEASES) {
            return denied(account, command, DeniedReason.LEDGER_FULL, Duration.ofSeconds(10));
        }
        var limited =
                account.amountMicros() == command.amountMicros()
                        ? account
                        : with(
                                account,
                                limit(account, command.amountMicros()),
                                account.leases(),
                                0,
                                0);
        var slice = slice(limited.remainingMicros(), command);
        if (slice == 0) {
            return refuse(account, limited.remainingMicros(), command, now);
        }
        var direct =
                said.direct() || fair(limited.remainingMicros(), command) < said.amountMicros();
        var granted =
                lease == null
                        ? new LeaseAccount(
                                said.holder(),
                                slice,
                                0,
                                0,
                                0,
                                said.request(),
                                LeaseAccount.State.OPEN)
                        : new LeaseAccount(
                                said.holder(),
                                Math.addExact(lease.amountMicros(), slice),
                                lease.settledMicros(),
                                lease.returnedMicros(),
                                lease.overrunMicros(),
                                said.request(),
                                lease.state());
        var next = with(account, limited.limitMicros(), put(account, granted), 0, 0);
        if (next.remainingMicros() < 0) {
            throw new IllegalStateException(
                    "I1: "
                            + account.key()
                            + " grant of "
                            + slice
                            + " leaves "
                            + next.remainingMicros()
                            + " (expected: >= 0)");
        }
        return new Transition(next, List.of(grant(next, granted, command, now, direct)), false);
    }

    /** Zero: nothing that is of use. */
    private static long slice(long remaining, AccountCommand.Acquire command) {
        var said = command.said();
        var room = Math.max(0, remaining);
        var fair = fair(remaining, command);
        if (said.amountMicros() == 0) {
            // a refill that gets little would come again at once
            return fair >= Math.max(1, said.wantedMicros() / 4)
                    ? Math.min(said.wantedMicros(), fair)
                    : 0;
        }
        if (said.direct() || fair < said.amountMicros()) {
            return said.amountMicros() <= room ? said.amountMicros() : 0;
        }
        return Math.clamp(said.wantedMicros(), said.amountMicros(), fair);
    }

    /** No holder gets more at once, so that none is left without. */
    private static long fair(long remaining, AccountCommand.Acquire command) {
        return Math.max(0, remaining) / (2L * Math.max(1, command.liveProxies()));
    }

    /** Nothing is refused because of what an earlier ledger may have changed meanwhile. */
    private Transition refuse(
            Account known, long remaining, AccountCommand.Acquire command, Instant now) {
        var said = command.said();
        var account = fenced(known);
        var holdsRest = new ArrayList<HolderId>();
        for (var lease : account.leases()) {
            if (lease.state() == LeaseAccount.State.OPEN
                    && lease.outstandingMicros() > 0
                    && !lease.holder().equals(said.holder())) {
                holdsRest.add(lease.holder());
            }
        }
        if (said.amountMicros() == 0 && remaining > 0) {
            return denied(account, command, DeniedReason.RESERVED, Duration.ZERO);
        }
        var effects = new ArrayList<LedgerEffect>();
        if (holdsRest.isEmpty()) {
            effects.add(
                    new LedgerEffect.Denied(
                            said.holder(),
                            said.request(),
                            account.key(),
                            DeniedReason.EXHAUSTED,
                            command.window().remaining(now),
                            Math.max(0, remaining)));
        } else {
            effects.add(
                    new LedgerEffect.Denied(
                            said.holder(),
                            said.request(),
                            account.key(),
                            DeniedReason.RESERVED,
                            said.amountMicros() == 0 ? Duration.ZERO : RECALL_TAKES,
                            Math.max(0, remaining)));
            if (said.amountMicros() > 0) {
                for (var holder : holdsRest) {
                    effects.add(new LedgerEffect.Recall(holder, account.key()));
                }
            }
        }
        return new Transition(account, effects, false);
    }

    private Transition totals(Account account, AccountCommand.Totals command, Instant now) {
        var totals = command.totals();
        var holder = new HolderId(command.from().logId(), totals.bootEpoch());
        var lease = account.lease(holder);
        var answer = answer(account, command, lease, now);
        if (lease == null) {
            return new Transition(totals.closed() ? fenced(account) : account, answer, false);
        }
        var merged = merge(lease, command.from(), totals, lease.amountMicros());
        if (merged.equals(lease) && !totals.closed()) {
            return new Transition(account, answer, false);
        }
        var leases = totals.closed() ? without(account, holder) : put(account, merged);
        var next =
                with(
                        account,
                        account.limitMicros(),
                        leases,
                        merged.settledMicros() - lease.settledMicros(),
                        merged.overrunMicros() - lease.overrunMicros());
        return new Transition(next, answer, next.remainingMicros() > account.remainingMicros());
    }

    /**
     * Written by this ledger: what an earlier one may still be writing can no more be stored, so
     * that what this one says of the account stays true.
     */
    private Account fenced(Account account) {
        return account.epoch() == epoch
                ? account
                : with(account, account.limitMicros(), account.leases(), 0, 0);
    }

    /**
     * Whoever does not know all of its lease's money gets the grant again: it may be lost. Whoever
     * thinks that it has money of a reclaimed lease is to let it be.
     */
    private static List<LedgerEffect> answer(
            Account account,
            AccountCommand.Totals command,
            @Nullable LeaseAccount lease,
            Instant now) {
        var totals = command.totals();
        if (totals.closed()) {
            return List.of(
                    new LedgerEffect.Closed(command.from(), account.key(), totals.bootEpoch()));
        }
        if (lease == null || !lease.holder().equals(command.from())) {
            return List.of();
        }
        if (lease.state() == LeaseAccount.State.RECLAIMED) {
            return totals.amountMicros() - totals.settledMicros() > totals.returnedMicros()
                    ? List.of(new LedgerEffect.Recall(lease.holder(), account.key()))
                    : List.of();
        }
        if (totals.amountMicros() >= lease.amountMicros()) {
            return List.of();
        }
        return List.of(
                new LedgerEffect.Grant(
                        lease.holder(),
                        lease.lastAcquire(),
                        account.key(),
                        lease.amountMicros(),
                        account.seq(),
                        account.epoch(),
                        new Window(account.key().windowStart(), account.windowEnd()).remaining(now),
                        false));
    }

    /** What is in force of an amount: what was spent before a reset comes on top. */
    private static long limit(Account account, long amountMicros) {
        return Math.min(Account.MAX_MICROS, Math.addExact(amountMicros, account.resetMicros()));
    }

    private Transition reset(Account account, Instant at) {
        var before = account.resetAt();
        if (before != null && !at.isAfter(before)) {
            return new Transition(account, List.of(), false);
        }
        var spent = Math.addExact(account.settledMicros(), account.overrunMicros());
        var next =
                new Account(
                        account.key(),
                        account.windowEnd(),
                        Math.min(Account.MAX_MICROS, Math.addExact(account.amountMicros(), spent)),
                        account.settledMicros(),
                        account.overrunMicros(),
                        spent,
                        at,
                        account.seq() + 1,
                        epoch,
                        account.leases());
        return new Transition(next, List.of(), true);
    }

    private Transition setLimit(Account account, long amountMicros) {
        long limitMicros = limit(account, amountMicros);
        if (account.limitMicros() == limitMicros) {
            return new Transition(account, List.of(), false);
        }
        var next = with(account, limitMicros, account.leases(), 0, 0);
        var recalls = new ArrayList<LedgerEffect>();
        if (limitMicros < account.limitMicros()) {
            for (var lease : account.leases()) {
                if (lease.state() == LeaseAccount.State.OPEN && lease.outstandingMicros() > 0) {
                    recalls.add(new LedgerEffect.Recall(lease.holder(), account.key()));
                }
            }
        }
        return new Transition(next, recalls, limitMicros > account.limitMicros());
    }

    private Transition suspect(Account account, HolderId holder) {
        var lease = account.lease(holder);
        if (lease == null || lease.state() != LeaseAccount.State.OPEN) {
            return new Transition(account, List.of(), false);
        }
        var suspect =
                new LeaseAccount(
                        holder,
                        lease.amountMicros(),
                        lease.settledMicros(),
                        lease.returnedMicros(),
                        lease.overrunMicros(),
                        lease.lastAcquire(),
                        LeaseAccount.State.SUSPECT);
        var next = with(account, account.limitMicros(), put(account, suspect), 0, 0);
        return new Transition(next, List.of(), false);
    }

    private Transition open(Account account, HolderId holder) {
        if (account.lease(holder) != null
                || hasLaterEpoch(account, holder)
                || account.leases().size() >= Account.MAX_LEASES) {
            return new Transition(account, List.of(), false);
        }
        var lease = new LeaseAccount(holder, 0, 0, 0, 0, 0, LeaseAccount.State.OPEN);
        var next = with(account, account.limitMicros(), put(account, lease), 0, 0);
        return new Transition(next, List.of(), false);
    }

    private Transition reclaim(Account account, HolderId holder) {
        var lease = account.lease(holder);
        if (lease == null || lease.state() == LeaseAccount.State.RECLAIMED) {
            return new Transition(account, List.of(), false);
        }
        var reclaimed =
                new LeaseAccount(
                        holder,
                        lease.amountMicros(),
                        lease.settledMicros(),
                        lease.amountMicros() - lease.settledMicros(),
                        lease.overrunMicros(),
                        lease.lastAcquire(),
                        LeaseAccount.State.RECLAIMED);
        var next = with(account, account.limitMicros(), put(account, reclaimed), 0, 0);
        return new Transition(next, List.of(), lease.outstandingMicros() > 0);
    }

    private Transition restore(Account account, AccountCommand.Restore command) {
        var totals = command.totals();
        var holder = new HolderId(command.from().logId(), totals.bootEpoch());
        var known = account.lease(holder);
        var lease =
                known == null
                        ? new LeaseAccount(holder, 0, 0, 0, 0, 0, LeaseAccount.State.OPEN)
                        : known;
        var amount = Math.max(lease.amountMicros(), totals.amountMicros());
        var merged = merge(lease, command.from(), totals, amount);
        var next =
                new Account(
                        account.key(),
                        account.windowEnd(),
                        account.limitMicros(),
                        Math.addExact(
                                account.settledMicros(),
                                merged.settledMicros() - lease.settledMicros()),
                        Math.addExact(
                                account.overrunMicros(),
                                merged.overrunMicros() - lease.overrunMicros()),
                        account.resetMicros(),
                        later(account.resetAt(), command.resetAt()),
                        Math.max(account.seq() + REBUILT, totals.seq()),
                        epoch,
                        put(account, merged));
        return new Transition(next, List.of(), false);
    }

    private Transition rebuild(Account account, Account remembered) {
        var next = account;
        if (account.seq() < remembered.seq() && account.epoch() <= remembered.epoch()) {
            // an earlier state of what is remembered: a lease that is only in it was closed since
            next =
                    new Account(
                            account.key(),
                            account.windowEnd(),
                            account.limitMicros(),
                            account.settledMicros(),
                            account.overrunMicros(),
                            account.resetMicros(),
                            account.resetAt(),
                            account.seq(),
                            account.epoch(),
                            account.leases().stream()
                                    .filter(lease -> remembered.lease(lease.holder()) != null)
                                    .toList());
        }
        for (var lease : remembered.leases()) {
            var known = next.lease(lease.holder());
            var greater = known == null ? lease : greater(known, lease);
            next = with(next, next.limitMicros(), put(next, greater), 0, 0);
        }
        var resetMicros = Math.max(account.resetMicros(), remembered.resetMicros());
        var rebuilt =
                new Account(
                        account.key(),
                        account.windowEnd(),
                        Math.addExact(account.amountMicros(), resetMicros),
                        Math.max(account.settledMicros(), remembered.settledMicros()),
                        Math.max(account.overrunMicros(), remembered.overrunMicros()),
                        resetMicros,
                        later(account.resetAt(), remembered.resetAt()),
                        Math.max(account.seq(), remembered.seq()) + REBUILT,
                        epoch,
                        next.leases());
        return new Transition(rebuilt, List.of(), false);
    }

    private static LeaseAccount greater(LeaseAccount known, LeaseAccount remembered) {
        var amount = Math.max(known.amountMicros(), remembered.amountMicros());
        boolean reclaimed =
                known.state() == LeaseAccount.State.RECLAIMED
                        || remembered.state() == LeaseAccount.State.RECLAIMED;
        var settled = Math.max(known.settledMicros(), remembered.settledMicros());
        return new LeaseAccount(
                known.holder(),
                amount,
                settled,
                reclaimed
                        ? amount - settled
                        : Math.max(known.returnedMicros(), remembered.returnedMicros()),
                Math.max(known.overrunMicros(), remembered.overrunMicros()),
                Math.max(known.lastAcquire(), remembered.lastAcquire()),
                reclaimed ? LeaseAccount.State.RECLAIMED : known.state());
    }

    private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return a.isAfter(b) ? a : b;
    }

    /**
     * The greater of each. A log that has lost its tail charges holds whose settlement it lost;
     * what was returned since, it cannot have spent. What a reclaimed lease has settled beyond what
     * was known is overrun: its money is somebody else's by now.
     */
    private static LeaseAccount merge(
            LeaseAccount lease, HolderId from, LeaseTotals totals, long amount) {
        if (lease.state() == LeaseAccount.State.RECLAIMED) {
            var late = Math.max(0, totals.settledMicros() - lease.settledMicros());
            return new LeaseAccount(
                    lease.holder(),
                    amount,
                    lease.settledMicros(),
                    amount - lease.settledMicros(),
                    Math.max(lease.overrunMicros(), Math.addExact(totals.overrunMicros(), late)),
                    lease.lastAcquire(),
                    lease.state());
        }
        var returned = Math.max(lease.returnedMicros(), totals.returnedMicros());
        var recovered = totals.bootEpoch() < from.bootEpoch();
        var told =
                recovered
                        ? Math.min(totals.settledMicros(), amount - returned)
                        : totals.settledMicros();
        return new LeaseAccount(
                lease.holder(),
                amount,
                Math.max(lease.settledMicros(), told),
                returned,
                Math.max(lease.overrunMicros(), totals.overrunMicros()),
                lease.lastAcquire(),
                lease.state());
    }

    private Account with(
            Account account, long limit, List<LeaseAccount> leases, long settled, long overrun) {
        return new Account(
                account.key(),
                account.windowEnd(),
                limit,
                Math.addExact(account.settledMicros(), settled),
                Math.addExact(account.overrunMicros(), overrun),
                account.resetMicros(),
                account.resetAt(),
                account.seq() + 1,
                epoch,
                leases);
    }

    private static List<LeaseAccount> put(Account account, LeaseAccount lease) {
        var leases = new ArrayList<LeaseAccount>(account.leases().size() + 1);
        var found = false;
        for (var other : account.leases()) {
            var same = other.holder().equals(lease.holder());
            leases.add(same ? lease : other);
            found |= same;
        }
        if (!found) {
            leases.add(lease);
        }
        return leases;
    }

    private static List<LeaseAccount> without(Account account, HolderId holder) {
        return account.leases().stream().filter(lease -> !lease.holder().equals(holder)).toList();
    }

    private static boolean hasLaterEpoch(Account account, HolderId holder) {
        for (var lease : account.leases()) {
            if (lease.holder().logId().equals(holder.logId())
                    && lease.holder().bootEpoch() > holder.bootEpoch()) {
                return true;
            }
        }
        return false;
    }

    private static LedgerEffect grant(
            Account account,
            LeaseAccount lease,
            AccountCommand.Acquire command,
            Instant now,
            boolean direct) {
        return new LedgerEffect.Grant(
                lease.holder(),
                command.said().request(),
                account.key(),
                lease.amountMicros(),
                account.seq(),
                account.epoch(),
                command.window().remaining(now),
                direct);
    }

    private static Transition denied(
            Account account, AccountCommand.Acquire command, DeniedReason why, Duration retry) {
        var said = command.said();
        return unchanged(
                account,
                new LedgerEffect.Denied(
                        said.holder(),
                        said.request(),
                        account.key(),
                        why,
                        retry,
                        Math.max(0, account.remainingMicros())));
    }

    private static Transition unchanged(Account account, LedgerEffect effect) {
        return new Transition(account, List.of(effect), false);
    }

    private static long charged(Account account) {
        return account.settledMicros() + account.outstandingMicros();
    }

    private static void check(Account before, Account after, boolean rebuilt) {
        if (!after.key().equals(before.key())) {
            throw broken("I5: key", before, after);
        }
        if (after.settledMicros() < before.settledMicros()
                || after.overrunMicros() < before.overrunMicros()
                || after.resetMicros() < before.resetMicros()
                || after.epoch() < before.epoch()) {
            throw broken("I5: a total or the epoch went back", before, after);
        }
        if (rebuilt ? after.seq() < before.seq() + REBUILT : after.seq() != before.seq() + 1) {
            throw broken("I5: seq", before, after);
        }
        if (after.leases().size() > Account.MAX_LEASES) {
            throw broken("more than " + Account.MAX_LEASES + " leases", before, after);
        }
        if (!rebuilt && after.remainingMicros() < 0 && charged(after) > charged(before)) {
            throw broken("I1: charged above the limit", before, after);
        }
        if (charged(after) > Account.MAX_MICROS || after.limitMicros() > Account.MAX_MICROS) {
            throw broken("more than " + Account.MAX_MICROS + " micro-USD", before, after);
        }
    }

    private static IllegalStateException broken(String what, Account before, Account after) {
        return new IllegalStateException(what + ": from " + before + " to " + after);
    }
}
