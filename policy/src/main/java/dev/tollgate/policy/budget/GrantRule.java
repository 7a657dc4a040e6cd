package dev.tollgate.policy.budget;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * How much a holder that asks gets: a slice that leaves enough for all others, near the end exactly
 * what it needs, or nothing, said with why. A grant is charged in full when it is given.
 *
 * @param epoch fencing number of the ledger that applies the rule
 */
record GrantRule(long epoch) {

    /** How long a holder may take to return idle money that was recalled, and the way of it. */
    private static final Duration RECALL_TAKES = Duration.ofMillis(600);

    private static final Duration FROZEN_RETRY = Duration.ofSeconds(1);

    private static final Duration FULL_RETRY = Duration.ofSeconds(10);

    Transition apply(Account account, AccountCommand.Acquire command, Instant now) {
        if (account.isFrozen()) {
            return denied(account, command, DeniedReason.FROZEN, FROZEN_RETRY);
        }
        var said = command.said();
        var lease = account.lease(said.holder());
        boolean open = lease == null || lease.state() == LeaseAccount.State.OPEN;
        if (lease != null
                && said.request() <= lease.lastAcquire()
                && lease.state() != LeaseAccount.State.RECLAIMED) {
            var again = grant(account, lease, command, now, said.direct());
            return new Transition(account, List.of(again), false);
        }
        if (!open || account.isSucceeded(said.holder())) {
            return denied(account, command, DeniedReason.UNKNOWN_ACCOUNT, Duration.ZERO);
        }
        if (lease == null && !account.hasRoom()) {
            return denied(account, command, DeniedReason.LEDGER_FULL, FULL_RETRY);
        }
        var limited =
                account.amountMicros() == command.amountMicros()
                        ? account
                        : account.withLimit(Ledger.limit(account, command.amountMicros()));
        var remaining = limited.remainingMicros();
        var slice = slice(remaining, command);
        if (slice == 0) {
            return refuse(account, remaining, command, now);
        }
        var direct = said.direct() || fair(remaining, command) < said.amountMicros();
        var before = lease == null ? LeaseAccount.opened(said.holder()) : lease;
        var granted = before.granted(slice, said.request());
        var next = limited.withLease(granted).written(epoch);
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
        var account = Ledger.fenced(known, epoch);
        if (said.amountMicros() == 0 && remaining > 0) {
            return denied(account, command, DeniedReason.RESERVED, Duration.ZERO);
        }
        var left = Math.max(0, remaining);
        var holdRest = holdRest(account, said.holder());
        if (holdRest.isEmpty()) {
            var ends = command.window().remaining(now);
            var exhausted = LedgerEffect.Denied.of(said, DeniedReason.EXHAUSTED, ends, left);
            return new Transition(account, List.of(exhausted), false);
        }
        boolean waits = said.amountMicros() > 0;
        var retry = waits ? RECALL_TAKES : Duration.ZERO;
        var effects = new ArrayList<LedgerEffect>();
        effects.add(LedgerEffect.Denied.of(said, DeniedReason.RESERVED, retry, left));
        if (waits) {
            for (var holder : holdRest) {
                effects.add(new LedgerEffect.Recall(holder, account.key()));
            }
        }
        return new Transition(account, effects, false);
    }

    private static List<HolderId> holdRest(Account account, HolderId asking) {
        return account.leases().stream()
                .filter(lease -> lease.state() == LeaseAccount.State.OPEN)
                .filter(lease -> lease.outstandingMicros() > 0)
                .map(LeaseAccount::holder)
                .filter(holder -> !holder.equals(asking))
                .toList();
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
        var left = Math.max(0, account.remainingMicros());
        var denied = LedgerEffect.Denied.of(command.said(), why, retry, left);
        return new Transition(account, List.of(denied), false);
    }
}
