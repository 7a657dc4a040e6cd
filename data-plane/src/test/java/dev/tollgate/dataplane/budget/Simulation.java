package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dataplane.wal.SimulatedDisk;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import dev.tollgate.policy.snapshot.NamespaceSet;
import java.lang.foreign.Arena;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One run of a small fleet in one thread: proxies with the real gate, keeper and log; ledgers with
 * the real service; clocks, network, store, disks and provider by the seed. First some minutes with
 * faults, then everything is healed and must come to rest.
 *
 * <p>While it runs: no account is billed or charged above what was allowed, every grant is in the
 * store before it is sent, settled money adds up. At the end: what fits is admitted, nothing is
 * held, closed leases have given everything back, and unless a disk has failed or lost something
 * the logs, the ledger and the bills agree to the micro-USD.
 */
final class Simulation {

    private static final long SECOND = 1_000_000_000L;
    private static final int TRACE_MAX = Integer.getInteger("tollgate.simulation.trace", 400);
    private static final List<String> TEAMS = List.of("team-a", "team-b");

    /** A promise that was broken. */
    static final class Broken extends AssertionError {
        private static final long serialVersionUID = 1;

        Broken(String message) {
            super(message);
        }
    }

    private enum Fault {
        NETWORK,
        FAILOVER,
        STORE,
        KILL,
        STOP,
        CLOCK,
        LIMIT,
        RESET,
        DISK_FULL,
        DISK_FAILS,
        POWER,
        DISK_LOST,
        FORGET
    }

    /** What the simulation knows of an account. */
    private static final class Book {
        long allowedMicros;
        long latestEpoch;
        long settledMicros;
        final Map<HolderId, Long> grantedMicros = new HashMap<>();
    }

    final Mutant mutant;
    final SplittableRandom random;
    final Agenda agenda = new Agenda();
    final Referee referee = new Referee(this);
    final SimulatedStore store = new SimulatedStore(this, this::written);
    Arena arena;
    List<BudgetEntry> budgets;
    boolean storeTrouble;
    boolean networkTrouble;
    boolean healed;

    private final long seed;
    private final Set<Fault> faults = new HashSet<>();
    private final List<SimulatedProxy> proxies = new ArrayList<>();
    private final List<SimulatedLedger> ledgers = new ArrayList<>();
    private final Map<AccountKey, Book> books = new HashMap<>();
    private final Set<HolderId> unproven = new HashSet<>();
    private final Set<String> lostLogs = new HashSet<>();
    private final ArrayDeque<Object[]> trace = new ArrayDeque<>();
    private final Instant start;
    private final long horizon;
    private String failure;
    private boolean forgot;
    private int callNumber;
    private long digest;
    private int callsEverySecond;

    Simulation(long seed, Mutant mutant) {
        this.seed = seed;
        this.mutant = mutant;
        this.random = new SplittableRandom(seed);
        this.start = Instant.parse("2026-11-21T09:59:00Z").plusMillis(random.nextInt(60_000));
        this.horizon = random.nextLong(10, 50) * SECOND;
        drawFaults();
    }

    /** Runs the seed. */
    static void run(long seed, Mutant mutant) {
        try (var memory = Arena.ofConfined()) {
            var simulation = new Simulation(seed, mutant);
            simulation.arena = memory;
            simulation.run();
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

    private void drawFaults() {
        for (var fault : Fault.values()) {
            var often = fault.compareTo(Fault.DISK_FULL) < 0 ? 2 : 6;
            if (random.nextInt(often) == 0) {
                faults.add(fault);
            }
        }
        if (mutant != null) {
            faults.addAll(
                    switch (mutant) {
                        case REFUND_ON_EXPIRY -> List.of(Fault.STOP, Fault.NETWORK);
                        case NO_EPOCH_CHECK -> List.of(Fault.FAILOVER, Fault.LIMIT);
                        case NO_REGRESSION_GUARD -> List.of(Fault.FORGET);
                        case UNGUARDED_SHRINK -> List.of(Fault.LIMIT);
                        case RETURN_BEFORE_LOGGED -> List.of(Fault.DISK_FULL);
                        case GRANT_BEFORE_ACKNOWLEDGED -> List.of(Fault.STORE);
                        case MONEY_ROUNDED_DOWN -> List.<Fault>of();
                    });
        }
        if (faults.contains(Fault.FORGET)) {
            // with them, what was forgotten may have no holder that could tell of it
            faults.removeAll(
                    Set.of(Fault.POWER, Fault.DISK_LOST, Fault.DISK_FAILS, Fault.DISK_FULL));
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

    void fail(String what) {
        if (failure == null) {
            failure = what;
        }
    }

    private Broken broken(String what, Throwable cause) {
        var text = new StringBuilder();
        text.append("seed ")
                .append(seed)
                .append(": ")
                .append(what)
                .append("\nfaults ")
                .append(faults);
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

    long allowedMicros(AccountKey account) {
        return book(account).allowedMicros;
    }

    private Book book(AccountKey account) {
        return books.computeIfAbsent(account, key -> new Book());
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

    private SimulatedLedger ledger() {
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

    /** What reaches the ledger of what a proxy says. */
    LedgerCommand mutated(LedgerCommand command, Map<String, Long> settledNanos) {
        if (mutant != Mutant.NO_REGRESSION_GUARD && mutant != Mutant.MONEY_ROUNDED_DOWN) {
            return command;
        }
        return switch (command) {
            case LedgerCommand.Register(var holder, var proxy, var leases) ->
                    new LedgerCommand.Register(
                            holder,
                            proxy,
                            leases.stream().map(t -> mutated(t, settledNanos)).toList());
            case LedgerCommand.Report(var holder, var leases) ->
                    new LedgerCommand.Report(
                            holder, leases.stream().map(t -> mutated(t, settledNanos)).toList());
            case LedgerCommand.Close(var holder, var totals) ->
                    new LedgerCommand.Close(holder, mutated(totals, settledNanos));
            case LedgerCommand.Acquire acquire -> acquire;
        };
    }

    private LeaseTotals mutated(LeaseTotals totals, Map<String, Long> settledNanos) {
        var exact = settledNanos.getOrDefault(totals.account().toString(), Long.MAX_VALUE);
        var down = mutant == Mutant.MONEY_ROUNDED_DOWN;
        return new LeaseTotals(
                totals.account(),
                totals.bootEpoch(),
                totals.amountMicros(),
                down ? Math.min(totals.settledMicros(), exact / 1_000) : totals.settledMicros(),
                totals.returnedMicros(),
                totals.overrunMicros(),
                totals.openMicros(),
                down ? totals.seq() : 0,
                totals.closed());
    }

    // Checks while it runs

    private long charged(Account account) {
        var leased = account.settledMicros() + account.outstandingMicros();
        return isHard(account.key()) ? leased + account.overrunMicros() : leased;
    }

    /** The other ones tell of an overrun, and go on. */
    boolean isHard(AccountKey account) {
        return budgets.stream()
                .anyMatch(b -> b.key().equals(account.budget()) && b.mode() == Mode.HARD);
    }

    private void written(long epoch, Account before, Account after) {
        var book = book(after.key());
        var first = book.latestEpoch == 0;
        if ((first || before != null && before.limitMicros() != after.limitMicros())
                && epoch >= book.latestEpoch) {
            // what was forgotten is not charged yet
            var least = forgot ? book.allowedMicros : 0;
            book.allowedMicros = Math.max(least, Math.max(after.limitMicros(), charged(after)));
            if (mutant == Mutant.UNGUARDED_SHRINK
                    && before != null
                    && after.limitMicros() < before.limitMicros()) {
                shrink(after);
            }
        }
        book.latestEpoch = Math.max(book.latestEpoch, epoch);
        if (charged(after) > book.allowedMicros) {
            fail("I1: " + after + " charges more than " + book.allowedMicros);
        }
        for (var lease : after.leases()) {
            book.grantedMicros.merge(lease.holder(), lease.amountMicros(), Math::max);
        }
        if (before != null && !forgot) {
            addsUp(before, after);
        }
        book.settledMicros = Math.max(book.settledMicros, after.settledMicros());
    }

    private void addsUp(Account before, Account after) {
        var settled = 0L;
        var all = true;
        for (var lease : after.leases()) {
            var known = before.lease(lease.holder());
            settled += lease.settledMicros() - (known == null ? 0 : known.settledMicros());
        }
        for (var lease : before.leases()) {
            all &= after.lease(lease.holder()) != null;
        }
        var grown = after.settledMicros() - before.settledMicros();
        if (grown < settled || all && grown != settled) {
            fail("I3: from " + before + " to " + after);
        }
        if (grown < 0
                || after.overrunMicros() < before.overrunMicros()
                || after.resetMicros() < before.resetMicros()
                || after.seq() <= before.seq()
                || after.epoch() < before.epoch()) {
            fail("I5: from " + before + " to " + after);
        }
    }

    void sent(LedgerEffect effect) {
        if (effect instanceof LedgerEffect.Grant grant) {
            var stored = book(grant.account()).grantedMicros.getOrDefault(grant.to(), 0L);
            if (grant.amountMicros() > stored) {
                fail("grant before acknowledgment: " + grant + ", stored " + stored);
            }
        }
    }

    // Mutants that act on the store

    private void shrink(Account after) {
        agenda.at(
                agenda.now() + 1,
                () -> {
                    var now = store.account(after.key());
                    var leases = 0L;
                    for (var lease : now.leases()) {
                        leases += lease.settledMicros();
                    }
                    store.overwrite(
                            new Account(
                                    now.key(),
                                    now.windowEnd(),
                                    now.limitMicros(),
                                    Math.min(now.settledMicros(), leases),
                                    now.overrunMicros(),
                                    now.resetMicros(),
                                    now.resetAt(),
                                    now.seq() + 1,
                                    now.epoch(),
                                    List.of()));
                });
    }

    private void expire() {
        for (var versioned : store.all()) {
            var account = versioned.account();
            var kept = new ArrayList<LeaseAccount>();
            for (var lease : account.leases()) {
                var silent =
                        proxies.stream().noneMatch(p -> p.isHolder(lease.holder()) && !p.stopped());
                if (!silent) {
                    kept.add(lease);
                }
            }
            if (kept.size() < account.leases().size()) {
                trace("expires leases of", account.key());
                store.overwrite(
                        new Account(
                                account.key(),
                                account.windowEnd(),
                                account.limitMicros(),
                                account.settledMicros(),
                                account.overrunMicros(),
                                account.resetMicros(),
                                account.resetAt(),
                                account.seq() + 1,
                                account.epoch(),
                                kept));
            }
        }
    }

    // The run

    private void run() {
        try {
            begin();
            runUntil(horizon);
            heal();
            probe();
            close();
            agree();
            runUntil(agenda.now());
        } catch (Broken broken) {
            throw broken;
        } catch (RuntimeException | AssertionError e) {
            throw broken(e.toString(), e);
        }
    }

    /** In steps, so that a failure is told with the events that led to it. */
    private void runUntil(long time) {
        do {
            agenda.runUntil(Math.min(time, agenda.now() + SECOND / 10));
            for (var proxy : proxies) {
                var bug = proxy.keeper() == null ? null : proxy.keeper().bug();
                if (bug != null) {
                    throw broken(proxy.pod() + ": " + bug, bug);
                }
            }
            if (failure != null) {
                throw broken(failure, null);
            }
        } while (agenda.now() < time);
    }

    private void begin() {
        var longNames = faults.contains(Fault.DISK_FULL);
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
            budgets.add(budget("team-a/soft", Period.Type.DAY, scale, longNames, mode, List.of()));
        }
        callsEverySecond = random.nextInt(2, 12);
        ledgers.add(new SimulatedLedger(this, 1, 0));
        ledger().budgets(budgets);
        var count = random.nextInt(2, 5);
        for (var i = 0; i < count; i++) {
            proxies.add(new SimulatedProxy(this, i));
        }
        for (var proxy : proxies) {
            agenda.at(random.nextLong(SECOND), proxy::start);
        }
        agenda.at(SECOND / 2, this::load);
        agenda.at(SECOND, this::trouble);
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
        var proxy = proxies.get(random.nextInt(proxies.size()));
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
            proxy.request(call(1 + random.nextLong(most)), charged);
        }
    }

    private Referee.Call call(long boundNanos) {
        var team = TEAMS.get(random.nextInt(TEAMS.size()));
        return new Referee.Call("call-" + callNumber++, team, boundNanos);
    }

    // Faults

    private void trouble() {
        if (healed) {
            return;
        }
        agenda.at(agenda.now() + random.nextLong(4 * SECOND), this::trouble);
        if (mutant == Mutant.REFUND_ON_EXPIRY) {
            expire();
        }
        if (faults.isEmpty()) {
            return;
        }
        var list = new ArrayList<>(faults);
        list.sort(null);
        var fault = list.get(random.nextInt(list.size()));
        var proxy = proxies.get(random.nextInt(proxies.size()));
        var until = agenda.now() + random.nextLong(8 * SECOND);
        trace("fault", fault);
        switch (fault) {
            case NETWORK -> network(proxy, until);
            case FAILOVER -> failover();
            case STORE -> {
                storeTrouble = true;
                agenda.at(until, () -> storeTrouble = false);
            }
            case LIMIT -> limit();
            case RESET -> reset();
            case FORGET -> forget();
            case KILL, STOP, CLOCK, DISK_FULL, DISK_FAILS, POWER, DISK_LOST -> {
                if (proxy.up() && !proxy.stopped()) {
                    trouble(fault, proxy, until);
                }
            }
        }
    }

    private void trouble(Fault fault, SimulatedProxy proxy, long until) {
        switch (fault) {
            case KILL -> {
                if (random.nextBoolean()) {
                    proxy.killSoon();
                } else {
                    proxy.killNow();
                    restart(proxy);
                }
            }
            case STOP -> {
                proxy.stop();
                agenda.at(until + random.nextLong(6 * SECOND), proxy::resume);
            }
            case CLOCK -> proxy.wallOffset(random.nextLong(-7_200_000, 7_200_000));
            case DISK_FULL -> {
                proxy.disk().full(true);
                agenda.at(until + random.nextLong(20 * SECOND), () -> proxy.disk().full(false));
            }
            case DISK_FAILS -> {
                proxy.disk().failing(true);
                agenda.at(until, () -> proxy.disk().failing(false));
            }
            case POWER -> {
                proxy.losePower();
                restart(proxy);
            }
            case DISK_LOST -> {
                proxy.loseDisk();
                restart(proxy);
            }
            case NETWORK, FAILOVER, STORE, LIMIT, RESET, FORGET -> throw new AssertionError(fault);
        }
    }

    private void network(SimulatedProxy proxy, long until) {
        if (random.nextInt(3) == 0) {
            proxy.cut();
        } else if (random.nextBoolean()) {
            networkTrouble = true;
            agenda.at(until, () -> networkTrouble = false);
        } else {
            proxy.partitioned(true);
            agenda.at(until, () -> proxy.partitioned(false));
        }
    }

    /** The old leader may go on for a while, and knows no new limit. */
    private void failover() {
        if (forgot) {
            return; // what the store has forgotten, only this ledger remembers
        }
        var old = ledger();
        var next = new SimulatedLedger(this, old.epoch + 1, random.nextLong(-3_000, 3_000));
        ledgers.add(next);
        next.budgets(budgets);
        if (faults.contains(Fault.FORGET)) {
            old.stepDown(); // what it wrote later, nobody would remember
        }
        agenda.at(agenda.now() + random.nextLong(15 * SECOND), old::stepDown);
        for (var proxy : proxies) {
            if (random.nextBoolean()) {
                agenda.at(agenda.now() + random.nextLong(3 * SECOND), proxy::cut);
            }
        }
    }

    private void limit() {
        var index = random.nextInt(budgets.size());
        var entry = budgets.get(index);
        var limit = Math.max(500, entry.limitMicros() * random.nextLong(30, 171) / 100);
        change(index, BudgetBuilder.as(entry).limit(limit).build());
    }

    /** Asked for a little before it comes, or a little later. */
    private void reset() {
        var index = random.nextInt(budgets.size());
        var entry = budgets.get(index);
        var at = wall().toEpochMilli() + random.nextLong(-3_000, 1_000);
        if (entry.resetAtMillis() == null || entry.resetAtMillis() < at) {
            change(index, BudgetBuilder.as(entry).resetAt(Instant.ofEpochMilli(at)).build());
        }
    }

    private void change(int index, BudgetEntry entry) {
        var changed = new ArrayList<>(budgets);
        changed.set(index, entry);
        budgets = changed;
        ledger().budgets(budgets);
        for (var proxy : proxies) {
            agenda.at(agenda.now() + random.nextLong(3 * SECOND), () -> tellBudgets(proxy));
        }
    }

    private void tellBudgets(SimulatedProxy proxy) {
        if (proxy.up()) {
            proxy.budgets(budgets);
        }
    }

    private void forget() {
        if (!remembers()) {
            return;
        }
        forgot = true;
        store.forget(random.nextInt(4) == 0 ? Integer.MAX_VALUE : random.nextInt(1, 12));
        if (mutant == Mutant.NO_REGRESSION_GUARD) {
            ledger().forgetAll(budgets);
        }
    }

    /** The one ledger that goes on knows all that the store does. */
    private boolean remembers() {
        var known = new HashSet<>(ledger().ledger().accounts());
        for (var versioned : store.all()) {
            if (!known.contains(versioned.account())) {
                return false;
            }
        }
        return ledgers.stream().noneMatch(each -> each != ledger() && each.alive());
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
        for (var proxy : proxies) {
            proxy.disk().full(false);
            proxy.disk().failing(false);
            proxy.partitioned(false);
            proxy.wallOffset(0);
            if (proxy.stopped()) {
                proxy.resume();
            }
        }
        runUntil(agenda.now() + 2 * SECOND);
        for (var proxy : proxies) {
            if (proxy.up() && proxy.wal().failure() != null) {
                proxy.killNow();
                proxy.start();
            }
        }
        runUntil(agenda.now() + 22 * SECOND);
        for (var wait = 0; forgot && wait < 40; wait++) {
            if (wait > 3 && ledger().frozen().isEmpty()) {
                break;
            }
            runUntil(agenda.now() + 10 * SECOND);
        }
        if (!ledger().frozen().isEmpty()) {
            throw broken("still frozen: " + ledger().frozen(), null);
        }
        for (var proxy : proxies) {
            tellBudgets(proxy);
            if (!proxy.up() || !proxy.keeper().reachable()) {
                throw broken(proxy.pod() + " has not come back", null);
            }
        }
        runUntil(agenda.now() + 3 * SECOND);
    }

    /** What fits into the rest of a budget is admitted, and what its mode refuses is refused. */
    private void probe() {
        for (var entry : budgets) {
            for (var team : entry.perNamespace() ? TEAMS : TEAMS.subList(0, 1)) {
                var window = Window.of(entry.period(), ledger().now());
                var subject = entry.perNamespace() ? team : "";
                var key = AccountKey.of(entry.key(), subject, window.start());
                resetIsDone(entry, account(key));
                var rest = rest(entry, account(key));
                if (entry.mode() == Mode.HARD && rest < 10) {
                    continue;
                }
                var bound = entry.mode() == Mode.HARD ? rest : 50;
                var call = new Referee.Call("probe-" + callNumber++, team, bound * 1_000);
                var proxy = proxies.get(random.nextInt(proxies.size()));
                trace("probe of " + key, bound);
                var before = account(key);
                proxy.request(call, List.of(entry));
                runUntil(agenda.now() + 4 * SECOND);
                var refuses = refuses(entry, before);
                if (call.admitted ? refuses > 0 : refuses < 0 && !noticesLate(call)) {
                    throw broken(
                            (call.admitted ? "admitted " : "phantom refusal of ")
                                    + bound
                                    + " micro-USD by "
                                    + proxy.pod()
                                    + ": "
                                    + call.refused
                                    + "; "
                                    + account(key),
                            null);
                }
            }
        }
    }

    /**
     * Whether what is spent refuses more: -1 no, 1 yes, 0 too near to say, because leases are
     * rounded and each proxy knows its own spend to the nano-USD.
     */
    private int refuses(BudgetEntry entry, Account account) {
        var percent =
                switch (entry.mode()) {
                    case HARD -> entry.steps().isEmpty() ? 0 : entry.steps().getFirst().percent();
                    case SOFT -> 100;
                    case SHADOW -> 0;
                };
        if (account == null || percent == 0) {
            return -1;
        }
        var from = Objects.requireNonNull(entry.limitMicros()) * percent / 100;
        // each start of each proxy may have rounded a lease twice
        var near = 1 + 2L * booted();
        var spent = account.spentMicros();
        return spent >= from + near ? 1 : spent + near <= from ? -1 : 0;
    }

    private long booted() {
        return proxies.stream().mapToLong(p -> p.wal().holder().bootEpoch()).sum();
    }

    private void resetIsDone(BudgetEntry entry, Account account) {
        if (account == null || entry.resetAtMillis() == null) {
            return;
        }
        var asked = Instant.ofEpochMilli(entry.resetAtMillis());
        var start = account.key().windowStart();
        var done = account.resetAt() != null && !account.resetAt().isBefore(asked);
        if (!done && (start == null || !asked.isBefore(start))) {
            throw broken("reset of " + asked + " is not done: " + account, null);
        }
    }

    /** What the store has forgotten may be noticed as late as that. */
    private boolean noticesLate(Referee.Call call) {
        return forgot
                && call.refused != null
                && call.refused.kind() == Admission.RefusalKind.FROZEN;
    }

    private Account account(AccountKey key) {
        return accounts().stream().filter(a -> a.key().equals(key)).findFirst().orElse(null);
    }

    private long rest(BudgetEntry entry, Account account) {
        var limit = Objects.requireNonNull(entry.limitMicros());
        if (account == null) {
            return limit;
        }
        var rest = limit - account.spentMicros();
        for (var lease : account.leases()) {
            var living = proxies.stream().anyMatch(p -> p.isHolder(lease.holder()));
            rest -= living ? 2 : lease.outstandingMicros();
        }
        return rest;
    }

    private void close() {
        for (var proxy : proxies) {
            if (proxy.wal().openIntents() != 0) {
                throw broken(proxy.pod() + " holds " + proxy.wal().openIntents(), null);
            }
        }
        var closing = proxies.stream().map(SimulatedProxy::close).toList();
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
        proxies.forEach(proxy -> proxy.wal().close());
    }

    /** What the store has forgotten of windows that are over, nobody gives it back. */
    private List<Account> accounts() {
        var accounts = new ArrayList<Account>();
        if (forgot) {
            accounts.addAll(ledger().ledger().accounts());
        } else {
            store.all().forEach(versioned -> accounts.add(versioned.account()));
        }
        return accounts;
    }

    /** I9 and I12: the logs, the ledger and the bills. */
    private void agree() {
        if (faults.contains(Fault.DISK_FULL)
                || faults.contains(Fault.DISK_FAILS)
                || faults.contains(Fault.POWER)
                || faults.contains(Fault.DISK_LOST)) {
            return;
        }
        var costs = new HashMap<String, Long>();
        var records = new HashMap<String, Integer>();
        var spent = new HashMap<String, Spent>();
        for (var proxy : proxies) {
            spent(proxy.disk().records(), costs, records)
                    .forEach((account, more) -> spent.merge(account, more, Spent::plus));
        }
        for (var call : referee.calls().values()) {
            var cost = costs.getOrDefault(call.id, 0L);
            var count = records.getOrDefault(call.id, 0);
            if (count > 1 || count == 0 && call.billedNanos > 0) {
                throw broken("I9: " + call.id + " has records: " + count, null);
            }
            if (cost < call.billedNanos) {
                throw broken("I9: " + call.id + " cost " + cost + " of " + call.billedNanos, null);
            }
        }
        for (var account : accounts()) {
            var logged = spent.getOrDefault(account.key().toString(), new Spent(0, 0));
            if (logged.settled() != account.settledMicros()
                    || logged.overrun() < account.overrunMicros()
                    || logged.overrun() > account.overrunMicros() && overrunsAreTold()
                    || account.overrunMicros() != 0 && isHard(account.key())) {
                throw broken("I12: the logs have " + logged + " of " + account, null);
            }
        }
    }

    /**
     * The last second of a proxy that spends of a Soft Budget without ever having had a lease of it
     * may be told to nobody.
     */
    private boolean overrunsAreTold() {
        return Set.of(Fault.CLOCK, Fault.LIMIT, Fault.RESET, Fault.STOP).containsAll(faults);
    }

    /** Of a lease in nano-USD, of an account in micro-USD. */
    private record Spent(long settled, long overrun) {
        Spent plus(Spent other) {
            return new Spent(settled + other.settled, overrun + other.overrun);
        }

        Spent micros() {
            return new Spent(Math.ceilDiv(settled, 1_000L), Math.ceilDiv(overrun, 1_000L));
        }
    }

    private static Map<String, Spent> spent(
            List<SimulatedDisk.Written> log,
            Map<String, Long> costs,
            Map<String, Integer> records) {
        record Lease(long epoch, String account) {}
        var leases = new HashMap<Lease, Spent>();
        var intents = new HashMap<Long, String>();
        for (var written : log) {
            switch (written.record()) {
                case LogRecord.Intent intent ->
                        intents.put(written.number(), intent.request().id());
                case LogRecord.Settle settle -> {
                    var call = intents.remove(settle.intent());
                    if (call != null) {
                        costs.merge(call, settle.costNanos(), Long::sum);
                        for (var charge : settle.charges()) {
                            leases.merge(
                                    new Lease(written.epoch(), charge.account()),
                                    new Spent(charge.settledNanos(), charge.overrunNanos()),
                                    Spent::plus);
                        }
                    }
                }
                case LogRecord.Usage usage -> records.merge(usage.requestId(), 1, Integer::sum);
                default -> {}
            }
        }
        var accounts = new HashMap<String, Spent>();
        leases.forEach(
                (lease, nanos) -> accounts.merge(lease.account(), nanos.micros(), Spent::plus));
        return accounts;
    }
}
