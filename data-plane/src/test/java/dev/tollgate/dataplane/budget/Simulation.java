package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.OnLedgerUnavailable;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import dev.tollgate.policy.snapshot.NamespaceSet;
import java.lang.foreign.Arena;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * One run of a small fleet in one thread: proxies with the real gate, keeper and log; ledgers with
 * the real service; clocks, network, store, disks and provider by the seed. First some minutes with
 * faults, then everything is healed and must come to rest.
 *
 * <p>While it runs: no account is billed or charged above what was allowed, every grant is in the
 * store before it is sent, settled money adds up, and nothing that is asserted in production is
 * counted as broken. At the end: what fits is admitted, nothing is held, closed leases have given
 * everything back, and unless a disk has failed or lost something the logs, the ledger and the
 * bills agree to the micro-USD.
 */
final class Simulation {

    static final long SECOND = 1_000_000_000L;
    static final List<String> TEAMS = List.of("team-a", "team-b");
    private static final int TRACE_MAX = Integer.getInteger("tollgate.simulation.trace", 400);

    /** A promise that was broken. */
    static final class Broken extends AssertionError {
        private static final long serialVersionUID = 1;

        Broken(String message) {
            super(message);
        }
    }

    final Mutant mutant;
    final SplittableRandom random;
    final Agenda agenda = new Agenda();
    final Invariants invariants = new Invariants(this);
    final Mutations mutations = new Mutations(this);
    final Referee referee = new Referee(this);
    final SimulatedStore store = new SimulatedStore(this, invariants::written);
    final Trouble trouble;

    /** Those that the cluster lists. */
    final List<SimulatedProxy> proxies = new ArrayList<>();

    final List<SimulatedLedger> ledgers = new ArrayList<>();
    Arena arena;
    List<BudgetEntry> budgets;
    boolean storeTrouble;
    boolean networkTrouble;
    boolean healed;

    /** The store has forgotten something. */
    boolean forgot;

    private final long seed;

    /** Thought to be lost; they have successors, and come back. */
    private final List<SimulatedProxy> former = new ArrayList<>();

    private final Set<HolderId> unproven = new HashSet<>();
    private final Set<String> lostLogs = new HashSet<>();
    private final Map<String, Long> happened = new TreeMap<>();
    private final ArrayDeque<Object[]> trace = new ArrayDeque<>();
    private final Instant start;
    private final long horizon;
    private String failure;
    private int proxyNumber;
    private int callNumber;
    private long digest;
    private int callsEverySecond;

    Simulation(long seed, Mutant mutant) {
        this.seed = seed;
        this.mutant = mutant;
        this.random = new SplittableRandom(seed);
        this.start = Instant.parse("2026-11-21T09:59:00Z").plusMillis(random.nextInt(60_000));
        this.horizon = random.nextLong(10, 50) * SECOND;
        this.trouble = new Trouble(this);
    }

    /** Runs the seed. */
    static void run(long seed, Mutant mutant) {
        try (var memory = Arena.ofConfined()) {
            var simulation = new Simulation(seed, mutant);
            simulation.arena = memory;
            simulation.run();
        }
    }

    /** How often each of some rare things happened in a run. */
    static Map<String, Long> happened(long seed) {
        try (var memory = Arena.ofConfined()) {
            var simulation = new Simulation(seed, null);
            simulation.arena = memory;
            simulation.run();
            return simulation.happened;
        }
    }

    /** Names all that happened in a run. */
    static long digest(long seed) {
        try (var memory = Arena.ofConfined()) {
            var simulation = new Simulation(seed, null);
            simulation.arena = memory;
            simulation.run();
            return simulation.digest;
        }
    }

    // The world

    Instant wall() {
        return start.plusNanos(agenda.now());
    }

    void trace(String what, Object about) {
        if (trace.size() == TRACE_MAX) {
            trace.removeFirst();
        }
        trace.add(new Object[] {agenda.now(), what, about});
        digest = digest * 31 + agenda.now() + what.hashCode();
    }

    /** Counted, so that a test can tell that runs reach what they are for. */
    void happened(String what) {
        happened.merge(what, 1L, Long::sum);
    }

    void fail(String what) {
        if (failure == null) {
            failure = what;
        }
    }

    /** A call has cost so much, and its Budgets were charged so much. */
    void charged(String call, long costNanos, long chargedNanos) {
        if (chargedNanos < costNanos) {
            fail("I8: " + call + " cost " + costNanos + ", charged " + chargedNanos);
        }
    }

    Broken broken(String what, Throwable cause) {
        var text = new StringBuilder();
        text.append("seed ")
                .append(seed)
                .append(": ")
                .append(what)
                .append("\nfaults ")
                .append(trouble);
        text.append("; the last events:\n");
        for (var event : trace) {
            text.append(String.format("%12.6f ", (Long) event[0] / 1e9));
            text.append(event[1]).append("  ").append(event[2]).append('\n');
        }
        text.append("seed ").append(seed).append(": ").append(what);
        var broken = new Broken(text.toString());
        broken.initCause(cause);
        return broken;
    }

    /**
     * All that have a disk: those that the cluster lists, and those that come back all the same.
     */
    List<SimulatedProxy> fleet() {
        var all = new ArrayList<>(proxies);
        all.addAll(former);
        return all;
    }

    boolean isListed(String pod) {
        return proxies.stream().anyMatch(proxy -> proxy.pod().equals(pod));
    }

    /** Its process is over, or the cluster has another one in its place. */
    boolean isGivenUp(HolderId holder) {
        return proxies.stream().noneMatch(proxy -> proxy.isHolder(holder));
    }

    /** The cluster makes another one in its place. */
    void replace(SimulatedProxy proxy, boolean comesBack) {
        var successor = new SimulatedProxy(this, proxyNumber++);
        proxies.set(proxies.indexOf(proxy), successor);
        if (comesBack) {
            former.add(proxy);
        }
        trace("replaces " + proxy.pod(), successor.pod());
        agenda.at(agenda.now() + random.nextLong(5 * SECOND), successor::start);
    }

    /** The same Budgets as they are now. */
    List<BudgetEntry> like(List<BudgetEntry> some) {
        var keys = some.stream().map(BudgetEntry::key).toList();
        return budgets.stream().filter(entry -> keys.contains(entry.key())).toList();
    }

    boolean fleetComplete(Set<String> registered) {
        for (var proxy : proxies) {
            if (!registered.contains(proxy.pod())) {
                return false;
            }
        }
        return true;
    }

    void unproven(HolderId holder) {
        for (var epoch = 1L; epoch < holder.bootEpoch(); epoch++) {
            unproven.add(new HolderId(holder.logId(), epoch));
        }
    }

    void lost(String logId) {
        lostLogs.add(logId);
    }

    boolean hasLostLogs() {
        return !lostLogs.isEmpty();
    }

    void restart(SimulatedProxy proxy) {
        var after = random.nextLong(healed ? SECOND : 10 * SECOND);
        agenda.at(agenda.now() + after, proxy::start);
    }

    SimulatedLedger reachableLedger() {
        if (!healed && random.nextInt(5) == 0) {
            var old = ledgers.get(random.nextInt(ledgers.size()));
            if (old.alive()) {
                return old;
            }
        }
        return ledger().alive() ? ledger() : null;
    }

    SimulatedLedger ledger() {
        return ledgers.getLast();
    }

    /** Somebody else's turn: another ledger may be quicker. */
    void betweenReadAndWrite(long epoch) {
        if (ledgers.size() > 1 && random.nextInt(4) == 0) {
            for (var ledger : List.copyOf(ledgers)) {
                if (ledger.epoch != epoch) {
                    ledger.hurry();
                }
            }
        }
    }

    // The run

    private void run() {
        try {
            begin();
            runUntil(horizon);
            heal();
            new Probes(this).probe();
            close();
            new Reckoning(this).agree();
            runUntil(agenda.now());
        } catch (Broken broken) {
            throw broken;
        } catch (RuntimeException | AssertionError e) {
            throw broken(e.toString(), e);
        }
    }

    /** In steps, so that a failure is told with the events that led to it. */
    void runUntil(long time) {
        do {
            agenda.runUntil(Math.min(time, agenda.now() + SECOND / 10));
            for (var proxy : fleet()) {
                var bug = proxy.keeper() == null ? null : proxy.keeper().bug();
                if (bug != null) {
                    throw broken(proxy.pod() + ": " + bug, bug);
                }
                proxy.assertsHold();
            }
            if (failure != null) {
                throw broken(failure, null);
            }
        } while (agenda.now() < time);
    }

    private void begin() {
        var longNames = trouble.longNames();
        budgets = new ArrayList<>();
        var scale = random.nextLong(2_000, 200_000);
        var block =
                List.of(new Step("stop", random.nextInt(30, 101), Step.Action.BLOCK, null, null));
        var steps = random.nextInt(3) == 0 ? block : List.<Step>of();
        budgets.add(
                budget("team-a/hourly", Period.Type.HOUR, scale, longNames, Mode.HARD, List.of()));
        budgets.add(
                budget("org/monthly", Period.Type.MONTH, scale * 2, longNames, Mode.HARD, steps));
        if (random.nextBoolean()) {
            budgets.add(
                    budget(
                            "org/each",
                            Period.Type.LIFETIME,
                            scale,
                            longNames,
                            Mode.HARD,
                            List.of()));
        }
        if (random.nextBoolean()) {
            var mode = random.nextInt(3) == 0 ? Mode.SHADOW : Mode.SOFT;
            var soft = budget("team-a/soft", Period.Type.DAY, scale, longNames, mode, List.of());
            var values = OnLedgerUnavailable.values();
            var without = values[(int) Math.floorMod(seed, (long) values.length)];
            budgets.add(BudgetBuilder.as(soft).onLedgerUnavailable(without).build());
        }
        callsEverySecond = random.nextInt(2, 12);
        ledgers.add(new SimulatedLedger(this, 1, 0));
        ledger().budgets(budgets);
        var count = random.nextInt(2, 5);
        for (var i = 0; i < count; i++) {
            proxies.add(new SimulatedProxy(this, proxyNumber++));
        }
        for (var proxy : proxies) {
            agenda.at(random.nextLong(SECOND), proxy::start);
        }
        agenda.at(SECOND / 2, this::load);
        agenda.at(SECOND, trouble::trouble);
    }

    /** A Lifetime one counts for each team apart. */
    private static BudgetEntry budget(
            String key,
            Period.Type type,
            long limit,
            boolean longName,
            Mode mode,
            List<Step> steps) {
        var perNamespace = type == Period.Type.LIFETIME;
        return BudgetBuilder.budget(longName ? key + "-".repeat(200) : key)
                .limit(limit)
                .period(type)
                .namespaces(NamespaceSet.of(TEAMS))
                .perNamespace(perNamespace)
                .steps(steps)
                .mode(mode)
                .build();
    }

    private void load() {
        if (healed) {
            return;
        }
        agenda.at(agenda.now() + random.nextLong(2 * SECOND / callsEverySecond), this::load);
        var fleet = fleet();
        var proxy = fleet.get(random.nextInt(fleet.size()));
        if (!proxy.up()) {
            return;
        }
        var most = budgets.getFirst().limitMicros() * 1_000 / (random.nextInt(6) == 0 ? 3 : 40);
        var charged = new ArrayList<>(budgets);
        while (charged.size() > 1 && random.nextInt(3) == 0) {
            charged.remove(random.nextInt(charged.size()));
        }
        var burst = random.nextInt(10) == 0 ? 8 : 1;
        for (var i = 0; i < burst; i++) {
            var call = call(1 + random.nextLong(most));
            if (random.nextInt(5) == 0 && streams()) {
                proxy.stream(call, charged);
            } else {
                proxy.request(call, charged);
            }
        }
    }

    /** The other mutants know what a call costs by its one settlement. */
    private boolean streams() {
        return mutant == null || mutant == Mutant.STEP_BEFORE_LOGGED;
    }

    private Referee.Call call(long boundNanos) {
        var team = TEAMS.get(random.nextInt(TEAMS.size()));
        return new Referee.Call("call-" + callNumber++, team, boundNanos);
    }

    // The end

    private void heal() {
        trace("everything is healed", "");
        healed = true;
        storeTrouble = false;
        networkTrouble = false;
        for (var ledger : ledgers) {
            if (ledger != ledger()) {
                ledger.stepDown();
            }
        }
        for (var proxy : fleet()) {
            proxy.disk().full(false);
            proxy.disk().failing(false);
            proxy.partitioned(false);
            proxy.wallOffset(0);
            if (proxy.stopped()) {
                proxy.resume();
            }
        }
        runUntil(agenda.now() + 2 * SECOND);
        for (var proxy : fleet()) {
            if (proxy.up() && proxy.wal().failure() != null) {
                proxy.killNow();
                proxy.start();
            }
        }
        runUntil(agenda.now() + 22 * SECOND);
        // a leader that was there before may have taken on a start of a log that this one missed
        var freezes = forgot || ledgers.size() > 1;
        for (var wait = 0; freezes && wait < 40; wait++) {
            if (wait > 3 && ledger().frozen().isEmpty()) {
                break;
            }
            runUntil(agenda.now() + 10 * SECOND);
        }
        if (!ledger().frozen().isEmpty()) {
            throw broken("still frozen: " + ledger().frozen(), null);
        }
        for (var proxy : fleet()) {
            trouble.tellBudgets(proxy);
            if (!proxy.up() || !proxy.keeper().reachable()) {
                throw broken(proxy.pod() + " has not come back", null);
            }
        }
        runUntil(agenda.now() + 3 * SECOND);
        for (var proxy : fleet()) {
            for (var totals : proxy.wal().totals()) {
                if (!totals.closed() && totals.bootEpoch() < proxy.wal().holder().bootEpoch()) {
                    throw broken(proxy.pod() + " keeps what is stored: " + totals, null);
                }
            }
        }
    }

    private void close() {
        for (var proxy : fleet()) {
            if (proxy.wal().openIntents() != 0) {
                throw broken(proxy.pod() + " holds " + proxy.wal().openIntents(), null);
            }
        }
        var closing = fleet().stream().map(SimulatedProxy::close).toList();
        runUntil(agenda.now() + 12 * SECOND);
        if (!closing.stream().allMatch(promise -> promise.future().isComplete())) {
            throw broken("a gate does not close", null);
        }
        for (var account : accounts()) {
            for (var lease : account.leases()) {
                var proven =
                        !unproven.contains(lease.holder())
                                && !lostLogs.contains(lease.holder().logId());
                if (proven) {
                    throw broken("I11: " + account + " still has " + lease, null);
                }
            }
        }
        fleet().forEach(proxy -> proxy.wal().close());
    }

    /** What the store has forgotten of windows that are over, nobody gives it back. */
    List<Account> accounts() {
        var accounts = new ArrayList<Account>();
        if (forgot) {
            accounts.addAll(ledger().ledger().accounts());
        } else {
            store.all().forEach(versioned -> accounts.add(versioned.account()));
        }
        return accounts;
    }
}
