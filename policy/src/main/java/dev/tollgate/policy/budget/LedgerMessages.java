package dev.tollgate.policy.budget;

import dev.tollgate.policy.push.Acquire;
import dev.tollgate.policy.push.Close;
import dev.tollgate.policy.push.Closed;
import dev.tollgate.policy.push.Denied;
import dev.tollgate.policy.push.Freeze;
import dev.tollgate.policy.push.FromLedger;
import dev.tollgate.policy.push.Grant;
import dev.tollgate.policy.push.Recall;
import dev.tollgate.policy.push.Register;
import dev.tollgate.policy.push.Registered;
import dev.tollgate.policy.push.Report;
import dev.tollgate.policy.push.State;
import dev.tollgate.policy.push.ToLedger;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Commands and effects of the ledger as messages of {@code Ledger.Stream}, and back. A message that
 * breaks the protocol is an {@link IllegalArgumentException}; one of a newer protocol is empty.
 */
public final class LedgerMessages {

    /** Most leases in one message. */
    static final int MAX_LEASES = 100_000;

    private LedgerMessages() {}

    public static ToLedger message(LedgerCommand command) {
        var message = ToLedger.newBuilder();
        switch (command) {
            case LedgerCommand.Register register -> {
                var out =
                        Register.newBuilder()
                                .setLogId(register.holder().logId())
                                .setBootEpoch(register.holder().bootEpoch())
                                .setProxy(register.proxy());
                register.leases().forEach(lease -> out.addLeases(message(lease)));
                message.setRegister(out);
            }
            case LedgerCommand.Acquire acquire ->
                    message.setAcquire(
                            Acquire.newBuilder()
                                    .setRequest(acquire.request())
                                    .setAccount(acquire.account().toString())
                                    .setAmount(acquire.amountMicros())
                                    .setWanted(acquire.wantedMicros())
                                    .setNeeded(acquire.neededMicros())
                                    .setDirect(acquire.direct()));
            case LedgerCommand.Report report -> {
                var out = Report.newBuilder();
                report.leases().forEach(lease -> out.addLeases(message(lease)));
                message.setReport(out);
            }
            case LedgerCommand.Close close ->
                    message.setClose(Close.newBuilder().setTotals(message(close.totals())));
        }
        return message.build();
    }

    /** The holder of a connection's first message, which must be Register. */
    public static HolderId holder(Register register) {
        return new HolderId(register.getLogId(), register.getBootEpoch());
    }

    /**
     * @param holder that the connection has registered
     */
    public static Optional<LedgerCommand> command(ToLedger message, HolderId holder) {
        return switch (message.getMessageCase()) {
            case REGISTER -> {
                var register = message.getRegister();
                requireCount(register.getLeasesCount());
                yield Optional.of(
                        new LedgerCommand.Register(
                                holder,
                                register.getProxy(),
                                register.getLeasesList().stream()
                                        .map(LedgerMessages::totals)
                                        .toList()));
            }
            case ACQUIRE -> {
                var acquire = message.getAcquire();
                yield Optional.of(
                        new LedgerCommand.Acquire(
                                holder,
                                acquire.getRequest(),
                                AccountKey.parse(acquire.getAccount()),
                                acquire.getAmount(),
                                acquire.getWanted(),
                                acquire.getNeeded(),
                                acquire.getDirect()));
            }
            case REPORT -> {
                requireCount(message.getReport().getLeasesCount());
                yield Optional.of(
                        new LedgerCommand.Report(
                                holder,
                                message.getReport().getLeasesList().stream()
                                        .map(LedgerMessages::totals)
                                        .toList()));
            }
            case CLOSE ->
                    Optional.of(
                            new LedgerCommand.Close(
                                    holder, totals(message.getClose().getTotals())));
            case MESSAGE_NOT_SET -> Optional.empty();
        };
    }

    public static FromLedger message(LedgerEffect effect) {
        var message = FromLedger.newBuilder();
        switch (effect) {
            case LedgerEffect.Registered registered ->
                    message.setRegistered(
                            Registered.newBuilder()
                                    .setAccepted(registered.accepted())
                                    .setReason(registered.reason()));
            case LedgerEffect.Grant grant -> {
                var out =
                        Grant.newBuilder()
                                .setRequest(grant.request())
                                .setAccount(grant.account().toString())
                                .setAmount(grant.amountMicros())
                                .setSeq(grant.seq())
                                .setEpoch(grant.epoch())
                                .setDirect(grant.direct());
                if (grant.windowRemaining() != null) {
                    out.setWindowMillis(grant.windowRemaining().toMillis());
                }
                message.setGrant(out);
            }
            case LedgerEffect.Denied denied -> {
                var out =
                        Denied.newBuilder()
                                .setRequest(denied.request())
                                .setAccount(denied.account().toString())
                                .setReason(reason(denied.reason()))
                                .setRemaining(Math.max(0, denied.remainingMicros()));
                if (denied.retryAfter() != null) {
                    out.setRetryMillis(denied.retryAfter().toMillis());
                }
                message.setDenied(out);
            }
            case LedgerEffect.Recall recall ->
                    message.setRecall(Recall.newBuilder().setAccount(recall.account().toString()));
            case LedgerEffect.State state -> {
                var out =
                        State.newBuilder()
                                .setAccount(state.account().toString())
                                .setLimit(state.limitMicros())
                                .setSettled(state.settledMicros())
                                .setOutstanding(state.outstandingMicros())
                                .setFreeAgain(state.freeAgain())
                                .setElsewhere(state.elsewhereMicros());
                if (state.windowRemaining() != null) {
                    out.setWindowMillis(state.windowRemaining().toMillis());
                }
                message.setState(out);
            }
            case LedgerEffect.Freeze freeze -> {
                var out = Freeze.newBuilder().setFrozen(freeze.frozen());
                if (freeze.account() != null) {
                    out.setAccount(freeze.account().toString());
                }
                message.setFreeze(out);
            }
            case LedgerEffect.Closed closed ->
                    message.setClosed(
                            Closed.newBuilder()
                                    .setAccount(closed.account().toString())
                                    .setBootEpoch(closed.bootEpoch()));
        }
        return message.build();
    }

    /**
     * @param to the holder that the message was sent to
     */
    public static Optional<LedgerEffect> effect(FromLedger message, HolderId to) {
        return switch (message.getMessageCase()) {
            case REGISTERED ->
                    Optional.of(
                            new LedgerEffect.Registered(
                                    to,
                                    message.getRegistered().getAccepted(),
                                    message.getRegistered().getReason()));
            case GRANT -> {
                var grant = message.getGrant();
                yield Optional.of(
                        new LedgerEffect.Grant(
                                to,
                                grant.getRequest(),
                                AccountKey.parse(grant.getAccount()),
                                grant.getAmount(),
                                grant.getSeq(),
                                grant.getEpoch(),
                                interval(grant.hasWindowMillis(), grant.getWindowMillis()),
                                grant.getDirect()));
            }
            case DENIED -> {
                var denied = message.getDenied();
                yield Optional.of(
                        new LedgerEffect.Denied(
                                to,
                                denied.getRequest(),
                                AccountKey.parse(denied.getAccount()),
                                reason(denied.getReason()),
                                interval(denied.hasRetryMillis(), denied.getRetryMillis()),
                                denied.getRemaining()));
            }
            case RECALL ->
                    Optional.of(
                            new LedgerEffect.Recall(
                                    to, AccountKey.parse(message.getRecall().getAccount())));
            case STATE -> {
                var state = message.getState();
                yield Optional.of(
                        new LedgerEffect.State(
                                to,
                                AccountKey.parse(state.getAccount()),
                                state.getLimit(),
                                state.getSettled(),
                                state.getOutstanding(),
                                interval(state.hasWindowMillis(), state.getWindowMillis()),
                                state.getFreeAgain(),
                                state.hasElsewhere() ? state.getElsewhere() : state.getSettled()));
            }
            case FREEZE -> {
                var freeze = message.getFreeze();
                yield Optional.of(
                        new LedgerEffect.Freeze(
                                to,
                                freeze.getAccount().isEmpty()
                                        ? null
                                        : AccountKey.parse(freeze.getAccount()),
                                freeze.getFrozen()));
            }
            case CLOSED ->
                    Optional.of(
                            new LedgerEffect.Closed(
                                    to,
                                    AccountKey.parse(message.getClosed().getAccount()),
                                    message.getClosed().getBootEpoch()));
            case MESSAGE_NOT_SET -> Optional.empty();
        };
    }

    private static @Nullable Duration interval(boolean present, long millis) {
        return present ? Duration.ofMillis(Math.max(0, millis)) : null;
    }

    private static void requireCount(int leases) {
        if (leases > MAX_LEASES) {
            throw new IllegalArgumentException(
                    "leases: " + leases + " (expected: <= " + MAX_LEASES + ")");
        }
    }

    private static dev.tollgate.policy.push.LeaseTotals message(LeaseTotals totals) {
        return dev.tollgate.policy.push.LeaseTotals.newBuilder()
                .setAccount(totals.account().toString())
                .setBootEpoch(totals.bootEpoch())
                .setAmount(totals.amountMicros())
                .setSettled(totals.settledMicros())
                .setReturned(totals.returnedMicros())
                .setOverrun(totals.overrunMicros())
                .setOpen(totals.openMicros())
                .setSeq(totals.seq())
                .setClosed(totals.closed())
                .build();
    }

    private static LeaseTotals totals(dev.tollgate.policy.push.LeaseTotals totals) {
        return new LeaseTotals(
                AccountKey.parse(totals.getAccount()),
                totals.getBootEpoch(),
                totals.getAmount(),
                totals.getSettled(),
                totals.getReturned(),
                totals.getOverrun(),
                totals.getOpen(),
                totals.getSeq(),
                totals.getClosed());
    }

    private static dev.tollgate.policy.push.DeniedReason reason(DeniedReason reason) {
        return switch (reason) {
            case EXHAUSTED -> dev.tollgate.policy.push.DeniedReason.EXHAUSTED;
            case RESERVED -> dev.tollgate.policy.push.DeniedReason.RESERVED;
            case UNKNOWN_ACCOUNT -> dev.tollgate.policy.push.DeniedReason.UNKNOWN_ACCOUNT;
            case UNAVAILABLE -> dev.tollgate.policy.push.DeniedReason.UNAVAILABLE;
            case FROZEN -> dev.tollgate.policy.push.DeniedReason.FROZEN;
            case LEDGER_FULL -> dev.tollgate.policy.push.DeniedReason.LEDGER_FULL;
        };
    }

    private static DeniedReason reason(dev.tollgate.policy.push.DeniedReason reason) {
        return switch (reason) {
            case EXHAUSTED -> DeniedReason.EXHAUSTED;
            case RESERVED -> DeniedReason.RESERVED;
            case UNKNOWN_ACCOUNT -> DeniedReason.UNKNOWN_ACCOUNT;
            // a reason of a newer ledger: no money now, ask again
            case UNAVAILABLE, UNRECOGNIZED -> DeniedReason.UNAVAILABLE;
            case FROZEN -> DeniedReason.FROZEN;
            case LEDGER_FULL -> DeniedReason.LEDGER_FULL;
        };
    }
}
