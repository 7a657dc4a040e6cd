package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dataplane.wal.SimulatedDisk;
import dev.tollgate.policy.budget.Account;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares, once a run is over, what the logs say with the accounts and with the bills. */
final class Reckoning {

    private final Simulation run;

    Reckoning(Simulation run) {
        this.run = run;
    }

    /** I9 and I12: the logs, the ledger and the bills. */
    void agree() {
        if (!run.trouble.logsAreWhole()) {
            return;
        }
        var costs = new HashMap<String, Long>();
        var records = new HashMap<String, Integer>();
        var spent = new HashMap<String, Spent>();
        for (var proxy : run.fleet()) {
            spent(proxy.disk().records(), costs, records)
                    .forEach((account, more) -> spent.merge(account, more, Spent::plus));
        }
        for (var call : run.referee.calls().values()) {
            var cost = costs.getOrDefault(call.id, 0L);
            var count = records.getOrDefault(call.id, 0);
            if (count > 1 || count == 0 && call.billedNanos > 0) {
                throw run.broken("I9: " + call.id + " has records: " + count, null);
            }
            if (cost < call.billedNanos) {
                throw run.broken(
                        "I9: " + call.id + " cost " + cost + " of " + call.billedNanos, null);
            }
        }
        for (var account : run.accounts()) {
            var logged = spent.getOrDefault(account.key().toString(), Spent.NOTHING);
            if (!agrees(account, logged)) {
                throw run.broken("I12: the logs have " + logged + " of " + account, null);
            }
        }
    }

    private boolean agrees(Account account, Spent logged) {
        var key = account.key();
        var counted = new Spent(account.settledMicros(), account.overrunMicros(), 0);
        boolean hard = run.invariants.isHard(key);
        if (hard && counted.overrun() > run.invariants.overrunAtMostMicros(key)) {
            return false;
        }
        // what a lease that was given back has settled since is overrun
        boolean moved = run.invariants.isReclaimed(key);
        long more = logged.sum() - counted.sum();
        return counted.settled() <= logged.settled() + logged.unread()
                && (moved || counted.settled() >= logged.settled())
                && more >= -logged.unread()
                && (more <= 0 || !hard && !run.trouble.overrunsAreTold());
    }

    /**
     * Of a lease in nano-USD, of an account in micro-USD.
     *
     * @param unread at most so much more. A settlement that did not fit into the log is in the sums
     *     of its next checkpoint alone
     */
    private record Spent(long settled, long overrun, long unread) {
        static final Spent NOTHING = new Spent(0, 0, 0);

        Spent plus(Spent other) {
            return new Spent(
                    settled + other.settled, overrun + other.overrun, unread + other.unread);
        }

        long sum() {
            return settled + overrun;
        }

        Spent micros() {
            return new Spent(
                    Math.ceilDiv(settled, 1_000L),
                    Math.ceilDiv(overrun, 1_000L),
                    Math.ceilDiv(unread, 1_000L));
        }
    }

    private static Map<String, Spent> spent(
            List<SimulatedDisk.Written> log,
            Map<String, Long> costs,
            Map<String, Integer> records) {
        record Lease(long epoch, String account) {}
        record Sent(long epoch, LogRecord.Intent intent) {}
        var leases = new HashMap<Lease, Spent>();
        var open = new HashMap<Long, Sent>();
        var checkpointed = 0L;
        for (var written : log) {
            switch (written.record()) {
                case LogRecord.Intent intent ->
                        open.put(written.number(), new Sent(written.epoch(), intent));
                case LogRecord.Settle settle -> {
                    var sent = open.remove(settle.intent());
                    if (sent != null) {
                        var call = sent.intent().request().id();
                        costs.merge(call, settle.costNanos(), Long::sum);
                        for (var charge : settle.charges()) {
                            leases.merge(
                                    new Lease(written.epoch(), charge.account()),
                                    new Spent(charge.settledNanos(), charge.overrunNanos(), 0),
                                    Spent::plus);
                        }
                    }
                }
                case LogRecord.Usage usage -> records.merge(usage.requestId(), 1, Integer::sum);
                case LogRecord.Checkpoint checkpoint -> checkpointed = written.number();
                default -> {}
            }
        }
        var last = checkpointed;
        open.keySet().removeIf(number -> number > last);
        for (var sent : open.values()) {
            var intent = sent.intent();
            costs.merge(intent.request().id(), intent.attempt().boundNanos(), Long::sum);
            for (var hold : intent.holds()) {
                leases.merge(
                        new Lease(sent.epoch(), hold.account()),
                        new Spent(0, 0, intent.attempt().boundNanos()),
                        Spent::plus);
            }
        }
        var accounts = new HashMap<String, Spent>();
        leases.forEach(
                (lease, nanos) -> accounts.merge(lease.account(), nanos.micros(), Spent::plus));
        return accounts;
    }
}
