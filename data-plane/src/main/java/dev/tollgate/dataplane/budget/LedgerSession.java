package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process says to the ledger: first who it is and what it has, from the log, and once it
 * is registered, its totals. On the keeper's thread, but for what is asked of its state.
 */
final class LedgerSession {

    private static final Logger LOG = LoggerFactory.getLogger(LedgerSession.class);

    private static final long NANOS_PER_MICRO = 1_000;
    private static final long AGAIN_NANOS = 1_000_000_000L;

    private final Wal wal;
    private final LedgerLink link;
    private final GateSettings settings;
    private final TimeSource time;
    private final HolderId holder;
    private final ToldCheck told;
    private final Promise<Void> firstRegistration = Promise.promise();
    final LedgerTraffic sent = new LedgerTraffic();

    private volatile boolean registered;
    private volatile long unregisteredSince;

    private List<LeaseTotals> registering = List.of();
    private long registerAgainAt = Long.MAX_VALUE;

    LedgerSession(
            Wal wal, LedgerLink link, GateSettings settings, TimeSource time, ToldCheck told) {
        this.wal = wal;
        this.link = link;
        this.settings = settings;
        this.time = time;
        this.told = told;
        this.holder = wal.holder();
        this.unregisteredSince = time.nanos();
    }

    void start(LedgerLink.Listener listener) {
        link.start(listener);
    }

    void close() {
        link.close();
    }

    Promise<Void> firstRegistration() {
        return firstRegistration;
    }

    /** Any thread. */
    boolean registered() {
        return registered;
    }

    /** For longer than a request would wait. Any thread. */
    boolean unreachable(long nowNanos) {
        return !registered && nowNanos - unregisteredSince > settings.waitAtMost().toNanos();
    }

    void register() {
        registering = wal.totals();
        registerAgainAt = Long.MAX_VALUE;
        send(new LedgerCommand.Register(holder, settings.proxy(), registering));
    }

    /** After it was refused. */
    void registerAgain(long nowNanos) {
        if (registerAgainAt != Long.MAX_VALUE && nowNanos - registerAgainAt >= 0) {
            register();
        }
    }

    void refused(String reason) {
        LOG.error("the ledger does not take this proxy: {}", reason);
        registerAgainAt = time.nanos() + AGAIN_NANOS;
        firstRegistration.tryComplete();
    }

    /** What is closed is kept until the ledger says that it has stored it. */
    void accepted() {
        registered = true;
        sayWhatChanged(registering);
        registering = List.of();
        firstRegistration.tryComplete();
    }

    void disconnected() {
        registered = false;
        unregisteredSince = time.nanos();
    }

    /** What was settled or returned while the ledger took the registration was not reported. */
    private void sayWhatChanged(List<LeaseTotals> said) {
        var changed = new ArrayList<LeaseTotals>();
        for (var totals : wal.totals()) {
            if (totals.bootEpoch() == holder.bootEpoch()
                    && !totals.closed()
                    && !said.contains(totals)) {
                changed.add(totals);
            }
        }
        if (!changed.isEmpty()) {
            send(new LedgerCommand.Report(holder, changed));
        }
    }

    void report(List<Lease> leases) {
        var totals = new ArrayList<LeaseTotals>();
        for (var lease : leases) {
            long spent = lease.spentNanos.get(); // before its totals, which have no less then
            var known = wal.totals(lease.account, holder.bootEpoch());
            if (known != null) {
                totals.add(known);
                this.told.atLeast(known, spent);
                lease.reportedNanos =
                        (known.settledMicros() + known.overrunMicros()) * NANOS_PER_MICRO;
                lease.reportedAtNanos = time.nanos();
            }
        }
        if (!totals.isEmpty() && registered) {
            send(new LedgerCommand.Report(holder, totals));
        }
    }

    void acquire(Counter.Asked asked) {
        send(
                new LedgerCommand.Acquire(
                        holder,
                        asked.request(),
                        asked.lease().key,
                        asked.amountMicros(),
                        asked.wantedMicros(),
                        asked.neededMicros(),
                        false));
    }

    void close(LeaseTotals totals) {
        if (registered) {
            send(new LedgerCommand.Close(holder, totals));
        }
    }

    private void send(LedgerCommand command) {
        sent.count(command);
        link.send(command);
    }
}
