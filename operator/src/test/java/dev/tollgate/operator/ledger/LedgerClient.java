package dev.tollgate.operator.ledger;

import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.budget.LedgerLink;
import dev.tollgate.dataplane.control.GrpcLedgerLink;
import dev.tollgate.dataplane.control.OperatorAddress;
import dev.tollgate.dataplane.control.OperatorChannel;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.DeniedReason;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A holder of one lease that does what the test says; it registers again after every loss. */
public final class LedgerClient implements LedgerLink.Listener, AutoCloseable {

    private final HolderId holder;
    private final AccountKey account;
    private final OperatorChannel channel;
    private final GrpcLedgerLink link;
    private final Map<Long, LedgerEffect> answers = new ConcurrentHashMap<>();
    private long request;
    private volatile long amount;
    private volatile long settled;
    private volatile long returned;
    private volatile long seq;
    private volatile int registrations;
    private volatile String refusal = "";

    public LedgerClient(Vertx vertx, int port, String log, AccountKey account) {
        this.holder = new HolderId(log, 1);
        this.account = account;
        this.channel =
                new OperatorChannel(
                        vertx,
                        new OperatorAddress(
                                "127.0.0.1", port, new OperatorAddress.Security.None()));
        this.link = new GrpcLedgerLink(channel);
        link.start(this);
    }

    private LeaseTotals totals() {
        return new LeaseTotals(account, 1, amount, settled, returned, 0, 0, seq, false);
    }

    @Override
    public void connected() {
        link.send(
                new LedgerCommand.Register(
                        holder, holder.logId(), amount == 0 ? List.of() : List.of(totals())));
    }

    @Override
    public void disconnected(String reason) {}

    @Override
    public void effect(LedgerEffect effect) {
        switch (effect) {
            case LedgerEffect.Registered registered -> {
                refusal = registered.accepted() ? "" : registered.reason();
                registrations = registrations + (registered.accepted() ? 1 : 0);
            }
            case LedgerEffect.Grant grant -> {
                amount = Math.max(amount, grant.amountMicros());
                seq = Math.max(seq, grant.seq());
                answers.put(grant.request(), grant);
            }
            case LedgerEffect.Denied denied -> answers.put(denied.request(), denied);
            case LedgerEffect.Recall _, LedgerEffect.State _ -> {}
            case LedgerEffect.Freeze _, LedgerEffect.Closed _ -> {}
        }
    }

    public int registrations() {
        return registrations;
    }

    public String refusal() {
        return refusal;
    }

    /** Cumulative, as granted. */
    public long amount() {
        return amount;
    }

    /** Asks for exactly this much until the ledger says yes or that there is no more. */
    public boolean acquire(long micros) {
        request++;
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(
                        () -> {
                            var answer = answers.get(request);
                            if (answer instanceof LedgerEffect.Grant
                                    || (answer instanceof LedgerEffect.Denied denied
                                            && ended(denied.reason()))) {
                                return true;
                            }
                            link.send(
                                    new LedgerCommand.Acquire(
                                            holder, request, account, micros, micros, micros,
                                            true));
                            return false;
                        });
        return answers.get(request) instanceof LedgerEffect.Grant;
    }

    private static boolean ended(DeniedReason reason) {
        return switch (reason) {
            case EXHAUSTED, RESERVED -> true;
            case UNKNOWN_ACCOUNT, UNAVAILABLE, FROZEN, LEDGER_FULL -> false;
        };
    }

    /** Says once what is wanted, and does not wait. */
    public void ask(long micros) {
        request++;
        link.send(
                new LedgerCommand.Acquire(holder, request, account, micros, micros, micros, true));
    }

    public void report(long settledMicros, long returnedMicros) {
        settled = settledMicros;
        returned = returnedMicros;
        link.send(new LedgerCommand.Report(holder, List.of(totals())));
    }

    @Override
    public void close() {
        link.close();
        channel.close();
    }
}
