package dev.tollgate.policy.budget;

/**
 * What a step may do with the money of leases, whatever rule has made it. Money leaves a lease by
 * being settled, by what its holder or a later start of its log proves, or by an audited reclaim
 * (I7); what is rebuilt takes up what this ledger once had acknowledged. A change of the limit
 * changes neither what is spent nor any lease (I10). A violation is a bug and throws.
 */
final class StepCheck {

    private StepCheck() {}

    static void check(Account before, AccountCommand command, Account after) {
        if (!tells(command)
                && (after.settledMicros() != before.settledMicros()
                        || after.overrunMicros() != before.overrunMicros())) {
            throw broken("I10: spent what nobody told of", before, command, after);
        }
        switch (command) {
            case AccountCommand.SetLimit _, AccountCommand.Reset _ -> {
                if (!after.leases().equals(before.leases())
                        || !after.closed().equals(before.closed())) {
                    throw broken(
                            "I10: a change of the limit is none of leases", before, command, after);
                }
            }
            case AccountCommand.Thaw _ -> {
                if (!after.equals(before.withFrozenAt(null).written(after.epoch()))) {
                    throw broken("a thaw changes nothing else", before, command, after);
                }
            }
            case AccountCommand.Acquire _,
                    AccountCommand.Totals _,
                    AccountCommand.Suspect _,
                    AccountCommand.Restore _,
                    AccountCommand.Open _,
                    AccountCommand.Reclaim _,
                    AccountCommand.Rebuild _ ->
                    leases(before, command, after);
        }
    }

    /** Whether it brings news of what is spent. */
    private static boolean tells(AccountCommand command) {
        return command instanceof AccountCommand.Totals
                || command instanceof AccountCommand.Restore
                || command instanceof AccountCommand.Rebuild;
    }

    private static void leases(Account before, AccountCommand command, Account after) {
        var gone = 0L;
        var at = 0;
        for (var lease : before.leases()) {
            var same =
                    at < after.leases().size()
                            && after.leases().get(at).holder().equals(lease.holder());
            var next = same ? after.leases().get(at++) : after.lease(lease.holder());
            if (next == null) {
                if (!mayGo(before, lease, command)) {
                    throw broken("I7: a lease is gone without proof", before, command, after);
                }
                gone = Math.addExact(gone, settledAtLeast(lease, command));
            } else if (next.amountMicros() < lease.amountMicros()
                    || next.returnedMicros() > lease.returnedMicros()
                            && next.returnedMicros() > mayReturn(lease, next, command)
                    || next.settledMicros() > lease.settledMicros()
                            && next.settledMicros() > maySettle(lease, command)) {
                throw broken("I7: money left a lease without proof", before, command, after);
            }
        }
        if (!(command instanceof AccountCommand.Rebuild)
                && after.settledOfClosedMicros() - before.settledOfClosedMicros() < gone) {
            throw broken("I7: money came back that was settled", before, command, after);
        }
    }

    /** It goes by the last word of its holder, also if it was reclaimed. */
    private static boolean mayGo(Account before, LeaseAccount lease, AccountCommand command) {
        return switch (command) {
            case AccountCommand.Totals(var from, var totals) ->
                    totals.closed() && proves(from, totals, lease);
            case AccountCommand.Rebuild(var remembered) ->
                    remembered.lease(lease.holder()) == null
                            && before.seq() < remembered.seq()
                            && before.epoch() <= remembered.epoch();
            case AccountCommand.Acquire _,
                    AccountCommand.Open _,
                    AccountCommand.SetLimit _,
                    AccountCommand.Reset _,
                    AccountCommand.Suspect _,
                    AccountCommand.Restore _,
                    AccountCommand.Reclaim _,
                    AccountCommand.Thaw _ ->
                    false;
        };
    }

    /** What stays counted of a lease that is gone. */
    private static long settledAtLeast(LeaseAccount lease, AccountCommand command) {
        if (!(command instanceof AccountCommand.Totals(var _, var totals))
                || lease.state() == LeaseAccount.State.RECLAIMED) {
            return lease.settledMicros();
        }
        var returned = Math.max(lease.returnedMicros(), totals.returnedMicros());
        return Math.max(
                lease.settledMicros(),
                Math.min(totals.settledMicros(), lease.amountMicros() - returned));
    }

    /** So much in all; of a reclaimed lease all that is not settled is returned, and stays so. */
    private static long mayReturn(LeaseAccount lease, LeaseAccount next, AccountCommand command) {
        var rest = next.amountMicros() - next.settledMicros();
        var reclaimed = lease.state() == LeaseAccount.State.RECLAIMED;
        return switch (command) {
            case AccountCommand.Totals(var from, var totals) ->
                    proves(from, totals, lease) ? totals.returnedMicros() : 0;
            case AccountCommand.Restore(var from, var totals, var _) ->
                    !proves(from, totals, lease) ? 0 : reclaimed ? rest : totals.returnedMicros();
            case AccountCommand.Reclaim(var holder) -> holder.equals(lease.holder()) ? rest : 0;
            case AccountCommand.Rebuild(var remembered) -> {
                var known = remembered.lease(lease.holder());
                yield known == null
                        ? 0
                        : reclaimed || known.state() == LeaseAccount.State.RECLAIMED
                                ? rest
                                : known.returnedMicros();
            }
            case AccountCommand.Acquire _,
                    AccountCommand.SetLimit _,
                    AccountCommand.Reset _,
                    AccountCommand.Suspect _,
                    AccountCommand.Open _,
                    AccountCommand.Thaw _ ->
                    0;
        };
    }

    private static long maySettle(LeaseAccount lease, AccountCommand command) {
        return switch (command) {
            case AccountCommand.Totals(var from, var totals) ->
                    proves(from, totals, lease) ? totals.settledMicros() : 0;
            case AccountCommand.Restore(var from, var totals, var _) ->
                    proves(from, totals, lease) ? totals.settledMicros() : 0;
            case AccountCommand.Rebuild(var remembered) -> {
                var known = remembered.lease(lease.holder());
                yield known == null ? 0 : known.settledMicros();
            }
            case AccountCommand.Acquire _,
                    AccountCommand.SetLimit _,
                    AccountCommand.Reset _,
                    AccountCommand.Suspect _,
                    AccountCommand.Open _,
                    AccountCommand.Reclaim _,
                    AccountCommand.Thaw _ ->
                    0;
        };
    }

    /** By the start that the lease is of, or by a later one, which has read its log. */
    private static boolean proves(HolderId from, LeaseTotals totals, LeaseAccount lease) {
        return from.logId().equals(lease.holder().logId())
                && totals.bootEpoch() == lease.holder().bootEpoch()
                && totals.bootEpoch() <= from.bootEpoch();
    }

    private static IllegalStateException broken(
            String what, Account before, AccountCommand command, Account after) {
        return new IllegalStateException(
                what + ": from " + before + " by " + command + " to " + after);
    }
}
