package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.Reclaimed;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What goes wrong in a run, by its seed: which kinds of faults there are, and each of them. */
final class Trouble {

    private enum Fault {
        NETWORK,
        FAILOVER,
        STORE,
        KILL,
        STOP,
        CLOCK,
        LIMIT,
        RESET,
        PERIOD,
        RECLAIM,
        DISK_FULL,
        DISK_FAILS,
        POWER,
        DISK_LOST,
        FORGET
    }

    /** What a Budget is changed to; one of these days and weeks begin together. */
    private static final List<Period> LONG =
            List.of(
                    new Period(Period.Type.WEEK, "UTC", 1),
                    new Period(Period.Type.WEEK, "UTC", 6),
                    new Period(Period.Type.DAY, "UTC", 1));

    /**
     * A hard one also to these: a day and an hour begin together at ten, and two zones have their
     * hours in common. A proxy whose clock is ahead opens a window to come of a soft one by what it
     * spends, which then is the present one.
     */
    private static final List<Period> SHORT =
            List.of(
                    new Period(Period.Type.DAY, "Etc/GMT-14", 1),
                    new Period(Period.Type.HOUR, "UTC", 1),
                    new Period(Period.Type.HOUR, "Etc/GMT-14", 1));

    private final Simulation run;
    private final Set<Fault> faults = new HashSet<>();
    private final Map<String, Period> firstPeriods = new HashMap<>();

    Trouble(Simulation run) {
        this.run = run;
        drawFaults();
    }

    /** In the order of their names' declaration, whatever the seed of the process. */
    @Override
    public String toString() {
        return faults.stream().sorted().toList().toString();
    }

    /** So that a log is full soon. */
    boolean longNames() {
        return faults.contains(Fault.DISK_FULL);
    }

    /** No disk has failed or lost anything. */
    boolean logsAreWhole() {
        return !run.hasLostLogs()
                && !faults.contains(Fault.DISK_FULL)
                && !faults.contains(Fault.DISK_FAILS)
                && !faults.contains(Fault.POWER)
                && !faults.contains(Fault.DISK_LOST);
    }

    /**
     * The last second of a proxy that spends of a Soft Budget without ever having had a lease of it
     * may be told to nobody.
     */
    boolean overrunsAreTold() {
        return Set.of(Fault.CLOCK, Fault.LIMIT, Fault.RESET, Fault.PERIOD, Fault.STOP)
                .containsAll(faults);
    }

    private void drawFaults() {
        for (var fault : Fault.values()) {
            var often = fault.compareTo(Fault.DISK_FULL) < 0 ? 2 : 6;
            if (run.random.nextInt(often) == 0) {
                faults.add(fault);
            }
        }
        if (run.mutant != null) {
            faults.addAll(
                    switch (run.mutant) {
                        case REFUND_ON_EXPIRY -> List.of(Fault.STOP, Fault.NETWORK);
                        case NO_EPOCH_CHECK -> List.of(Fault.FAILOVER, Fault.LIMIT);
                        case NO_REGRESSION_GUARD -> List.of(Fault.FORGET);
                        case UNGUARDED_SHRINK -> List.of(Fault.LIMIT);
                        case RETURN_BEFORE_LOGGED -> List.of(Fault.DISK_FULL);
                        case GRANT_BEFORE_ACKNOWLEDGED -> List.of(Fault.STORE);
                        case RECLAIM_WHILE_CONNECTED -> List.of(Fault.RECLAIM);
                        case STEP_BEFORE_LOGGED -> List.of(Fault.KILL);
                        case AMOUNT_KEPT -> List.of(Fault.LIMIT);
                        case MONEY_ROUNDED_DOWN -> List.<Fault>of();
                    });
        }
        if (faults.contains(Fault.FORGET)) {
            // with them, what was forgotten may have no holder that could tell of it
            faults.removeAll(
                    Set.of(
                            Fault.POWER,
                            Fault.DISK_LOST,
                            Fault.DISK_FAILS,
                            Fault.DISK_FULL,
                            Fault.RECLAIM));
        }
    }

    void trouble() {
        if (run.healed) {
            return;
        }
        run.agenda.at(run.agenda.now() + run.random.nextLong(4 * Simulation.SECOND), this::trouble);
        if (run.mutant == Mutant.REFUND_ON_EXPIRY) {
            run.mutations.expire();
        }
        if (faults.isEmpty()) {
            return;
        }
        var list = new ArrayList<>(faults);
        list.sort(null);
        var fault = list.get(run.random.nextInt(list.size()));
        var proxy = run.proxies.get(run.random.nextInt(run.proxies.size()));
        var until = run.agenda.now() + run.random.nextLong(8 * Simulation.SECOND);
        run.trace("fault", fault);
        switch (fault) {
            case NETWORK -> network(proxy, until);
            case FAILOVER -> failover();
            case STORE -> {
                run.storeTrouble = true;
                run.agenda.at(until, () -> run.storeTrouble = false);
            }
            case LIMIT -> limit();
            case RESET -> reset();
            case PERIOD -> period();
            case FORGET -> forget();
            case RECLAIM -> reclaim(proxy);
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
                if (run.random.nextBoolean()) {
                    proxy.killSoon();
                } else {
                    proxy.killNow();
                    run.restart(proxy);
                }
            }
            case STOP -> {
                proxy.stop();
                run.agenda.at(until + run.random.nextLong(6 * Simulation.SECOND), proxy::resume);
            }
            case CLOCK -> proxy.wallOffset(run.random.nextLong(-7_200_000, 7_200_000));
            case DISK_FULL -> {
                proxy.disk().full(true);
                run.agenda.at(
                        until + run.random.nextLong(20 * Simulation.SECOND),
                        () -> proxy.disk().full(false));
            }
            case DISK_FAILS -> {
                proxy.disk().failing(true);
                run.agenda.at(until, () -> proxy.disk().failing(false));
            }
            case POWER -> {
                proxy.losePower();
                run.restart(proxy);
            }
            case DISK_LOST -> {
                proxy.loseDisk();
                run.restart(proxy);
            }
            case NETWORK, FAILOVER, STORE, LIMIT, RESET, PERIOD, RECLAIM, FORGET ->
                    throw new AssertionError(fault);
        }
    }

    /**
     * A node is thought to be lost: its proxy has a successor, and an administrator gives back what
     * it holds. It is lost with its disk, or comes back all the same; or the administrator errs.
     */
    private void reclaim(SimulatedProxy proxy) {
        if (!proxy.up() || proxy.stopped()) {
            return;
        }
        var holder = proxy.wal().holder();
        var told = run.agenda.now() + run.random.nextLong(15 * Simulation.SECOND);
        var back = told + run.random.nextLong(-5, 15) * Simulation.SECOND;
        switch (run.random.nextInt(4)) {
            case 0 -> {
                run.replace(proxy, false);
                proxy.loseNode();
            }
            case 1 -> {
                run.replace(proxy, true);
                proxy.partitioned(true); // it goes on with what it has
                run.agenda.at(back, () -> proxy.partitioned(false));
            }
            case 2 -> {
                run.replace(proxy, true);
                proxy.cut();
                proxy.stop();
                run.agenda.at(back, proxy::resume);
            }
            default -> {
                // it is well
            }
        }
        for (var entry : run.budgets) {
            run.agenda.at(told, () -> reclaim(entry.key(), holder));
        }
    }

    private void reclaim(String budget, HolderId holder) {
        if (run.healed) {
            return;
        }
        run.ledger()
                .reclaim(
                        budget,
                        holder,
                        answer -> {
                            run.trace("reclaim of " + budget + " from " + holder, answer);
                            run.happened(answer.getClass().getSimpleName());
                            boolean twice =
                                    answer instanceof Reclaimed.Done && run.random.nextBoolean();
                            if (twice || answer instanceof Reclaimed.Unavailable) {
                                run.agenda.at(
                                        run.agenda.now() + 2 * Simulation.SECOND,
                                        () -> reclaim(budget, holder));
                            }
                        });
    }

    private void network(SimulatedProxy proxy, long until) {
        if (run.random.nextInt(3) == 0) {
            proxy.cut();
        } else if (run.random.nextBoolean()) {
            run.networkTrouble = true;
            run.agenda.at(until, () -> run.networkTrouble = false);
        } else {
            proxy.partitioned(true);
            run.agenda.at(until, () -> proxy.partitioned(false));
        }
    }

    /** The old leader may go on for a while, and knows no new limit. */
    private void failover() {
        if (run.forgot) {
            return; // what the store has forgotten, only this ledger remembers
        }
        var old = run.ledger();
        var next = new SimulatedLedger(run, old.epoch + 1, run.random.nextLong(-3_000, 3_000));
        run.ledgers.add(next);
        next.budgets(run.budgets);
        if (faults.contains(Fault.FORGET)) {
            old.stepDown(); // what it wrote later, nobody would remember
        }
        run.agenda.at(
                run.agenda.now() + run.random.nextLong(15 * Simulation.SECOND), old::stepDown);
        for (var proxy : run.fleet()) {
            if (run.random.nextBoolean()) {
                run.agenda.at(
                        run.agenda.now() + run.random.nextLong(3 * Simulation.SECOND), proxy::cut);
            }
        }
    }

    private void limit() {
        var index = run.random.nextInt(run.budgets.size());
        var entry = run.budgets.get(index);
        var limit = Math.max(500, entry.limitMicros() * run.random.nextLong(30, 171) / 100);
        change(index, BudgetBuilder.as(entry).limit(limit).build());
    }

    /** Asked for a little before it comes, or a little later. */
    private void reset() {
        var index = run.random.nextInt(run.budgets.size());
        var entry = run.budgets.get(index);
        var at = run.wall().toEpochMilli() + run.random.nextLong(-3_000, 1_000);
        if (entry.resetAtMillis() == null || entry.resetAtMillis() < at) {
            change(index, BudgetBuilder.as(entry).resetAt(Instant.ofEpochMilli(at)).build());
        }
    }

    /** To another one, and another, and back to the one that it had at first. */
    private void period() {
        var index = run.random.nextInt(run.budgets.size());
        var entry = run.budgets.get(index);
        var first = firstPeriods.computeIfAbsent(entry.key(), key -> entry.period());
        boolean hard = entry.mode() == BudgetEntry.Mode.HARD;
        var others = hard && run.random.nextBoolean() ? SHORT : LONG;
        var other = others.get(run.random.nextInt(others.size()));
        var next = entry.period().equals(first) || run.random.nextInt(3) == 0 ? other : first;
        if (!next.equals(entry.period())) {
            run.happened(next.equals(first) ? "Back" : "There");
            change(index, BudgetBuilder.as(entry).period(next).build());
        }
    }

    private void change(int index, BudgetEntry entry) {
        var changed = new ArrayList<>(run.budgets);
        changed.set(index, entry);
        run.budgets = changed;
        run.ledger().budgets(run.budgets);
        for (var proxy : run.fleet()) {
            run.agenda.at(
                    run.agenda.now() + run.random.nextLong(3 * Simulation.SECOND),
                    () -> tellBudgets(proxy));
        }
    }

    void tellBudgets(SimulatedProxy proxy) {
        if (proxy.up()) {
            proxy.budgets(run.budgets);
        }
    }

    private void forget() {
        if (!remembers()) {
            return;
        }
        run.forgot = true;
        run.store.forget(
                run.random.nextInt(4) == 0 ? Integer.MAX_VALUE : run.random.nextInt(1, 12));
        if (run.mutant == Mutant.NO_REGRESSION_GUARD) {
            run.ledger().forgetAll(run.budgets);
        }
    }

    /** The one ledger that goes on knows all that the store does. */
    private boolean remembers() {
        var known = new HashSet<>(run.ledger().ledger().accounts());
        for (var versioned : run.store.all()) {
            if (!known.contains(versioned.account())) {
                return false;
            }
        }
        return run.ledgers.stream().noneMatch(each -> each != run.ledger() && each.alive());
    }
}
