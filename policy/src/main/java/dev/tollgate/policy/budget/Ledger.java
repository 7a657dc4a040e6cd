package dev.tollgate.policy.budget;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rules of an account: a pure function from one to the next. A grant is charged in full when it
 * is given, and time never gives it back: only what its holder returns or proves at the close of
 * its lease does. The invariants I1, I2, I3, I5, I7 and I10 are checked in every step, in
 * production too; a violation is a bug and throws, and nothing is written.
 *
 * <pre>
 * lease:  (none) --Acquire, Open--> OPEN --Suspect--> SUSPECT
 *                                    |                   |
 *                                    +--Reclaim----------+--> RECLAIMED
 *                                    |                   |        |
 *                                    +--Totals, closed---+--------+--> (none)
 * </pre>
 *
 * What is granted is {@link GrantRule}'s to say, what a forgetful store gets back {@link
 * RebuildRule}'s.
 *
 * @param epoch fencing number of the ledger that applies the rules
 */
record Ledger(long epoch) {

    Transition apply(Account account, AccountCommand command, Instant now) {
        if (account.epoch() > epoch) {
            throw new IllegalStateException(
                    account.key() + ": epoch " + account.epoch() + " (expected: <= " + epoch + ")");
        }
        var transition =
                switch (command) {
                    case AccountCommand.Acquire acquire ->
                            new GrantRule(epoch).apply(account, acquire, now);
                    case AccountCommand.Totals totals -> totals(account, totals, now);
                    case AccountCommand.SetLimit limit -> setLimit(account, limit.amountMicros());
                    case AccountCommand.Reset reset -> reset(account, reset.at());
                    case AccountCommand.Suspect suspect -> suspect(account, suspect.holder());
                    case AccountCommand.Restore restore ->
                            new RebuildRule(epoch).restore(account, restore);
                    case AccountCommand.Rebuild rebuild ->
                            new RebuildRule(epoch).rebuild(account, rebuild.remembered());
                    case AccountCommand.Open open -> open(account, open.holder());
                    case AccountCommand.Reclaim reclaim -> reclaim(account, reclaim.holder());
                    case AccountCommand.Thaw _ -> thaw(account);
                };
        if (!transition.account().equals(account)) {
            var rebuilt =
                    command instanceof AccountCommand.Restore
                            || command instanceof AccountCommand.Rebuild;
            check(account, transition.account(), rebuilt);
            checkFreeze(account, command, transition.account(), rebuilt);
            StepCheck.check(account, command, transition.account());
        }
        return transition;
    }

    /**
     * Several steps as one write: each goes on from what the one before it left, and all bear the
     * same {@code seq}. None of them rebuilds what was forgotten.
     */
    Transition apply(Account account, List<AccountCommand> commands, Instant now) {
        var effects = new ArrayList<LedgerEffect>();
        var moneyBack = false;
        var last = account;
        for (var command : commands) {
            var step = apply(last.withSeq(account.seq()), command, now);
            effects.addAll(step.effects());
            moneyBack |= step.moneyBack();
            last = step.account();
        }
        last = last.withSeq(account.seq());
        var next = last.equals(account) ? account : last.withSeq(account.seq() + 1);
        return new Transition(next, effects, moneyBack);
    }

    /** The holder has seen what this account does not know: the store has forgotten something. */
    static boolean regressed(Account account, HolderId from, LeaseTotals totals) {
        if (totals.seq() > account.seq()) {
            return true;
        }
        var holder = new HolderId(from.logId(), totals.bootEpoch());
        var lease = account.lease(holder);
        if (lease != null) {
            return totals.amountMicros() > lease.amountMicros();
        }
        return totals.amountMicros() > 0
                && !account.closed().contains(holder)
                && (!totals.isLastWord(from) || hasForgotten(account, totals));
    }

    /**
     * A lease that is to be closed, or of an earlier start, is in a frozen account no more because
     * the store has forgotten it, and not because it is counted. What others have restored since
     * raises the account's {@code seq} and says nothing of it.
     */
    private static boolean hasForgotten(Account account, LeaseTotals totals) {
        return totals.seq() > account.knownUpTo();
    }

    private Transition totals(Account account, AccountCommand.Totals command, Instant now) {
        var totals = command.totals();
        var holder = new HolderId(command.from().logId(), totals.bootEpoch());
        var lease = account.lease(holder);
        var answer = answer(account, command, lease, now);
        if (lease == null) {
            if (countsWithoutRoom(account, holder, command)) {
                var unasked = LeaseAccount.opened(holder).told(command.from(), totals, 0);
                var left = account.withLease(unasked).withoutLease(holder).withClosed(holder);
                return new Transition(left.written(epoch), answer, false);
            }
            var known = totals.isLastWord(command.from()) ? fenced(account, epoch) : account;
            return new Transition(known, answer, false);
        }
        var told = lease.told(command.from(), totals, lease.amountMicros());
        if (told.equals(lease) && !totals.closed()) {
            return new Transition(account, answer, false);
        }
        var counted = account.withLease(told);
        var next =
                (totals.closed() ? closed(counted, holder, totals, now) : counted).written(epoch);
        return new Transition(next, answer, next.remainingMicros() > account.remainingMicros());
    }

    /**
     * The last word of a holder that has spent without money, and for whose lease there never was
     * room. It needs none: the account counts it, and names the holder.
     */
    private static boolean countsWithoutRoom(
            Account account, HolderId holder, AccountCommand.Totals command) {
        var totals = command.totals();
        return totals.isLastWord(command.from())
                && totals.amountMicros() == 0
                && totals.overrunMicros() > 0
                && !account.hasRoom()
                && !account.closed().contains(holder)
                && !account.isSucceeded(holder);
    }

    /**
     * Who knows of no money has no {@code seq} that would tell that its overrun is counted; in a
     * freeze nobody has whose {@code seq} the store has forgotten. While the window goes on another
     * ledger may still have in line what the holder told when its lease was open.
     */
    private static Account closed(
            Account counted, HolderId holder, LeaseTotals totals, Instant now) {
        var left = counted.withoutLease(holder);
        boolean mustBeNamed =
                totals.amountMicros() == 0
                        ? totals.overrunMicros() > 0
                        : totals.seq() > counted.knownUpTo() || !left.key().window().isOver(now);
        return mustBeNamed ? left.withClosed(holder) : left;
    }

    /**
     * Written by this ledger: what an earlier one may still be writing can no more be stored, so
     * that what this one says of the account stays true.
     */
    static Account fenced(Account account, long epoch) {
        return account.epoch() == epoch ? account : account.written(epoch);
    }

    /**
     * A last word needs to be said no more. Of an earlier start without proof its lease stays, with
     * all that is not settled or returned of it charged.
     *
     * <p>Whoever does not know all of its lease's money gets the grant again: it may be lost.
     * Whoever thinks that it has money of a reclaimed lease is to let it be.
     */
    private static List<LedgerEffect> answer(
            Account account,
            AccountCommand.Totals command,
            @Nullable LeaseAccount lease,
            Instant now) {
        var totals = command.totals();
        if (totals.isLastWord(command.from())) {
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
                        account.windowRemaining(now),
                        false));
    }

    /** What is in force of an amount: what was spent before a reset comes on top. */
    static long limit(Account account, long amountMicros) {
        return Math.min(Account.MAX_MICROS, Math.addExact(amountMicros, account.resetMicros()));
    }

    private Transition reset(Account account, Instant at) {
        var before = account.resetAt();
        if (before != null && !at.isAfter(before)) {
            return Transition.to(account);
        }
        var spent = Math.addExact(account.settledMicros(), account.overrunMicros());
        var next =
                new Account(
                        account.key(),
                        Math.min(Account.MAX_MICROS, Math.addExact(account.amountMicros(), spent)),
                        account.settledMicros(),
                        account.overrunMicros(),
                        spent,
                        at,
                        account.seq() + 1,
                        epoch,
                        account.leases(),
                        account.closed(),
                        account.frozenAtSeq());
        return new Transition(next, List.of(), true);
    }

    private Transition setLimit(Account account, long amountMicros) {
        long limitMicros = limit(account, amountMicros);
        if (account.limitMicros() == limitMicros) {
            return Transition.to(account);
        }
        var lowered = limitMicros < account.limitMicros();
        var recalls =
                account.leases().stream()
                        .filter(lease -> lowered && lease.state() == LeaseAccount.State.OPEN)
                        .filter(lease -> lease.outstandingMicros() > 0)
                        .<LedgerEffect>map(
                                lease -> new LedgerEffect.Recall(lease.holder(), account.key()))
                        .toList();
        return new Transition(account.withLimit(limitMicros).written(epoch), recalls, !lowered);
    }

    private Transition suspect(Account account, HolderId holder) {
        var lease = account.lease(holder);
        return lease == null || lease.state() != LeaseAccount.State.OPEN
                ? Transition.to(account)
                : Transition.to(account.withLease(lease.suspect()).written(epoch));
    }

    private Transition open(Account account, HolderId holder) {
        return account.lease(holder) != null
                        || account.closed().contains(holder)
                        || account.isSucceeded(holder)
                        || !account.hasRoom()
                ? Transition.to(account)
                : Transition.to(account.withLease(LeaseAccount.opened(holder)).written(epoch));
    }

    private Transition reclaim(Account account, HolderId holder) {
        var lease = account.lease(holder);
        if (lease == null || lease.state() == LeaseAccount.State.RECLAIMED) {
            return Transition.to(account);
        }
        var next = account.withLease(lease.reclaimed()).written(epoch);
        return new Transition(next, List.of(), lease.outstandingMicros() > 0);
    }

    private Transition thaw(Account account) {
        return Transition.to(
                account.isFrozen() ? account.withFrozenAt(null).written(epoch) : account);
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
        if (rebuilt
                ? after.seq() < before.seq() + RebuildRule.SEQ_STEP
                : after.seq() != before.seq() + 1) {
            throw broken("I5: seq", before, after);
        }
        if (after.settledOfClosedMicros() < 0 || after.overrunOfClosedMicros() < 0) {
            throw broken("I3: leases say more than their account", before, after);
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

    /** A frozen account gives nothing out, and only a thaw ends its freeze. */
    private static void checkFreeze(
            Account before, AccountCommand command, Account after, boolean rebuilt) {
        if (rebuilt) {
            if (!after.isFrozen()) {
                throw broken("rebuilt and not frozen", before, after);
            }
            return;
        }
        if (before.isFrozen() && charged(after) > charged(before)) {
            throw broken("I1: charged in a freeze", before, after);
        }
        if (!Objects.equals(before.frozenAtSeq(), after.frozenAtSeq())
                && !(command instanceof AccountCommand.Thaw)) {
            throw broken("thawed by another step", before, after);
        }
    }

    private static IllegalStateException broken(String what, Account before, Account after) {
        return new IllegalStateException(what + ": from " + before + " to " + after);
    }
}
