package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dataplane.wal.SimulatedDisk;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.Promise;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/**
 * One proxy of a run: the real gate, keeper and log, over clocks, a disk and a connection that are
 * simulated. It may be killed wherever it asks for the time, speaks to the ledger or is about to
 * call a provider.
 */
final class SimulatedProxy {

    private static final long SECOND = 1_000_000_000L;

    private final Simulation run;
    private final String name;
    private final long clockBase;
    private final long driftPpm;
    private final GateSettings settings;
    private int logs;
    private String logId = "";
    private SimulatedDisk disk;
    private Agenda.Life life = new Agenda.Life();
    private boolean up;
    private Wal wal;
    private LeaseKeeper keeper;
    private LeasedBudgetGate gate;
    private SimulatedConnection connection;
    private long killIn = Long.MAX_VALUE;
    private long wallOffsetMillis;
    private boolean partitioned;
    private boolean powerLost;
    private final Map<String, Long> settledNanos = new HashMap<>();

    SimulatedProxy(Simulation run, int index) {
        this.run = run;
        this.name = "proxy-" + index;
        this.clockBase = run.random.nextLong() >> 2;
        this.driftPpm = run.random.nextLong(-300, 301);
        this.settings =
                new GateSettings(
                        name,
                        Duration.ofSeconds(run.random.nextInt(10, 121)),
                        Duration.ofSeconds(run.random.nextInt(1, 30)),
                        Duration.ofSeconds(1),
                        20,
                        Duration.ofSeconds(run.random.nextInt(1, 11)));
        newDisk();
    }

    private void newDisk() {
        logs++;
        logId = name + "-log-" + logs;
        disk = new SimulatedDisk(logId, run.arena, run.random);
    }

    /** As the cluster knows it: with its directory a pod is gone. */
    String pod() {
        return name + "-" + logs;
    }

    SimulatedDisk disk() {
        return disk;
    }

    Wal wal() {
        return wal;
    }

    LeaseKeeper keeper() {
        return keeper;
    }

    LeasedBudgetGate gate() {
        return gate;
    }

    boolean up() {
        return up && life.alive();
    }

    boolean stopped() {
        return life.stopped();
    }

    boolean isHolder(HolderId holder) {
        return up() && wal.holder().equals(holder);
    }

    void start() {
        life = new Agenda.Life();
        up = false;
        var mine = life;
        run.agenda.at(
                run.agenda.now(),
                mine,
                () -> {
                    try {
                        wal = disk.open((delay, task) -> run.agenda.at(after(delay), mine, task));
                    } catch (IOException e) {
                        run.trace(name + " cannot start", e.getMessage());
                        // the next one is told of this start, not of what was lost
                        if (powerLost || !disk.isTrusted()) {
                            run.unproven(new HolderId(logId, wal.holder().bootEpoch() + 1));
                        }
                        mine.end();
                        run.agenda.at(run.agenda.now() + SECOND, this::start);
                        return;
                    }
                    opened(mine);
                });
    }

    private void opened(Agenda.Life mine) {
        run.trace(name + " starts", wal.holder());
        if (!wal.recovered().proven()) {
            run.unproven(wal.holder());
        }
        powerLost = false;
        settledNanos.clear();
        killIn = Long.MAX_VALUE;
        var clock = new Clock();
        var thread = new SimulatedThread(run.agenda, mine, run.random);
        var link = new Link(mine);
        keeper =
                run.mutant == Mutant.RETURN_BEFORE_LOGGED
                        ? new HastyKeeper(link, clock, thread)
                        : new LeaseKeeper(
                                wal, link, podSettings(), clock, BoundViolations.unkept(), thread);
        var admitter = new Admitter(wal, keeper, clock);
        gate = new LeasedBudgetGate(wal, keeper, admitter, podSettings(), clock);
        keeper.start(admitter);
        gate.snapshotChanged(run.budgets);
        up = true;
        for (var call : wal.recovered().interrupted()) {
            record(call.request().id());
        }
    }

    private GateSettings podSettings() {
        return new GateSettings(
                pod(),
                settings.sliceAhead(),
                settings.idleReturn(),
                settings.waitAtMost(),
                settings.waitersMax(),
                settings.reportEvery());
    }

    private long after(long delay) {
        return run.agenda.now() + delay;
    }

    private void record(String request) {
        wal.append(request, request.getBytes(StandardCharsets.UTF_8));
    }

    // Faults

    void killSoon() {
        killIn = run.random.nextInt(1, 80);
    }

    void killNow() {
        die("kill -9");
    }

    void losePower() {
        die("power loss");
        powerLost = true;
        disk.powerLost();
    }

    void loseDisk() {
        die("directory lost");
        run.lost(logId);
        newDisk();
    }

    /** With its disk, and nobody starts it again. */
    void loseNode() {
        die("node lost");
        run.lost(logId);
    }

    /** What the proxy asserts in production. */
    void assertsHold() {
        if (gate == null) {
            return;
        }
        var counted = gate.counters();
        if (counted.doubleSettles() != 0) {
            run.fail("I4: " + name + ": " + counted);
        }
        if (counted.wrongCharges() != 0) {
            run.fail("I8: " + name + ": " + counted);
        }
        if (counted.wrongTotals() != 0) {
            run.fail("I12: " + name + ": " + counted);
        }
    }

    private void die(String how) {
        assertsHold();
        run.trace(name + " dies", how);
        life.end();
        up = false;
        killIn = Long.MAX_VALUE;
        if (connection != null) {
            connection.cut();
            connection = null;
        }
        disk.killed();
    }

    void stop() {
        run.trace(name + " stops", "");
        run.agenda.stop(life);
    }

    void resume() {
        run.trace(name + " goes on", "");
        run.agenda.resume(life);
    }

    void partitioned(boolean is) {
        partitioned = is;
        if (is) {
            cut();
        }
    }

    void cut() {
        if (connection != null) {
            run.trace(name + " connection cut", "");
            connection.cut();
        }
    }

    void wallOffset(long millis) {
        wallOffsetMillis = millis;
    }

    void maybeDie() {
        if (killIn != Long.MAX_VALUE && --killIn <= 0) {
            die("kill -9 in the middle");
            run.restart(this);
            throw new Agenda.Killed();
        }
    }

    // Load

    void budgets(List<BudgetEntry> budgets) {
        run.agenda.at(run.agenda.now(), life, () -> gate.snapshotChanged(budgets));
    }

    /** One request; the referee bills it if it is admitted. */
    void request(Referee.Call call, List<BudgetEntry> budgets) {
        var mine = life;
        run.agenda.at(
                run.agenda.now(),
                mine,
                () ->
                        gate.reserve(claim(call, budgets))
                                .onComplete(answer -> answered(mine, call, answer.result())));
    }

    /** One that is held in steps. */
    void stream(Referee.Call call, List<BudgetEntry> budgets) {
        var mine = life;
        run.agenda.at(
                run.agenda.now(),
                mine,
                () -> new SimulatedStream(run, this, mine, call, claim(call, budgets)).begin());
    }

    void recordSoon(Agenda.Life mine, String request) {
        run.agenda.at(after(run.random.nextLong(30_000_000)), mine, () -> record(request));
    }

    private static Claim claim(Referee.Call call, List<BudgetEntry> budgets) {
        var request =
                new LogRecord.Request(
                        call.id,
                        0,
                        call.team,
                        "key:test",
                        Map.of(),
                        "openai-chat",
                        "route",
                        "priority",
                        "model",
                        false);
        var attempt = new LogRecord.Try(1, "provider", "model", "test", call.boundNanos);
        return new Claim(request, attempt, budgets, new Money(call.boundNanos), true, "");
    }

    private void answered(Agenda.Life mine, Referee.Call call, Admission admission) {
        if (!(admission instanceof Admission.Reserved(var reservation))) {
            call.refused = (Admission.Refused) admission;
            run.trace(name + " refuses " + call.id, call.refused.kind());
            return;
        }
        maybeDie();
        var parts = ((HeldReservation) reservation).parts;
        run.trace(name + " admits " + call.id, call.boundNanos);
        call.admitted(parts.stream().map(part -> part.lease().key).toList(), wal.holder());
        run.referee.call(
                call,
                (at, cost) ->
                        run.agenda.at(
                                at,
                                mine,
                                () -> {
                                    reservation.settle(new Money(cost), call.assumed);
                                    run.charged(call.id, cost, reservation.charged().nanos());
                                    for (var part : parts) {
                                        settledNanos.merge(part.lease().account, cost, Long::sum);
                                    }
                                    maybeDie();
                                    recordSoon(mine, call.id);
                                }));
    }

    private final class Clock implements TimeSource {
        @Override
        public long nanos() {
            maybeDie();
            var now = run.agenda.now();
            return clockBase + now + now / 1_000_000 * driftPpm;
        }

        @Override
        public Instant now() {
            return run.wall().plusMillis(wallOffsetMillis);
        }
    }

    private final class Link implements LedgerLink {
        private final Agenda.Life mine;
        private Listener listener;
        private boolean closed;

        Link(Agenda.Life mine) {
            this.mine = mine;
        }

        @Override
        public void start(Listener listener) {
            this.listener = listener;
            dialIn(20_000_000);
        }

        private void dialIn(long within) {
            run.agenda.at(after(run.random.nextLong(within)), mine, this::dial);
        }

        private void dial() {
            var ledger = partitioned ? null : run.reachableLedger();
            if (closed) {
                return;
            }
            if (ledger == null) {
                dialIn(SECOND);
                return;
            }
            run.trace(name + " connects to ledger", ledger.epoch);
            connection = new SimulatedConnection(run, ledger, mine, listener, this::lost);
            listener.connected();
        }

        private void lost() {
            connection = null;
            listener.disconnected("cut");
            dialIn(2 * SECOND);
        }

        @Override
        public void send(LedgerCommand command) {
            maybeDie();
            if (connection != null) {
                connection.up(run.mutations.mutated(command, settledNanos));
            }
            maybeDie();
        }

        @Override
        public State state() {
            return connection == null ? new State.Disconnected("cut") : new State.Connected();
        }

        @Override
        public void close() {
            closed = true;
            if (connection != null) {
                connection.end();
                connection = null;
            }
        }
    }

    /** Tells the ledger of a return that is not yet in the log. */
    private final class HastyKeeper extends LeaseKeeper {
        private final Link link;

        HastyKeeper(Link link, TimeSource clock, ScheduledExecutorService thread) {
            super(wal, link, podSettings(), clock, BoundViolations.unkept(), thread);
            this.link = link;
        }

        @Override
        boolean giveBack(Counter counter, Lease lease) {
            var free = lease.freeNanos() / 1_000;
            var known = wal.totals(lease.account, wal.holder().bootEpoch());
            if (free > 0 && known != null) {
                link.send(
                        new LedgerCommand.Report(
                                wal.holder(),
                                List.of(
                                        new LeaseTotals(
                                                known.account(),
                                                known.bootEpoch(),
                                                known.amountMicros(),
                                                known.settledMicros(),
                                                known.returnedMicros() + free,
                                                known.overrunMicros(),
                                                known.openMicros(),
                                                known.seq(),
                                                false))));
            }
            return super.giveBack(counter, lease);
        }
    }

    /** Closes the leases in order; complete once the ledger knows. */
    Promise<Void> close() {
        var closed = Promise.<Void>promise();
        run.agenda.at(
                run.agenda.now(),
                life,
                () -> gate.close(5_000).onComplete(done -> closed.complete()));
        return closed;
    }
}
