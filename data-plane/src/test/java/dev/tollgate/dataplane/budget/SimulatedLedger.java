package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.AmountWatch;
import dev.tollgate.policy.budget.FencedStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.budget.Reclaimed;
import dev.tollgate.policy.budget.Whereabouts;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * One leader of a run: the real service behind streams as the operator's, one message after the
 * other, each as slow as the store. It may go on after a later leader has begun.
 */
final class SimulatedLedger {

    private static final long SECOND = 1_000_000_000L;

    final long epoch;
    private final Simulation run;
    private final Map<HolderId, SimulatedConnection> streams = new HashMap<>();
    private final List<SimulatedConnection> connections = new ArrayList<>();
    private final ArrayDeque<Runnable> queue = new ArrayDeque<>();
    private final long skewMillis;

    /** Who does not wait for an account is written late. */
    private final boolean slow;

    private LedgerService service;
    private AmountWatch amounts;
    private boolean alive = true;
    private boolean busy;
    private boolean inside;

    SimulatedLedger(Simulation run, long epoch, long skewMillis) {
        this.run = run;
        this.epoch = epoch;
        this.skewMillis = skewMillis;
        this.service = service();
        this.amounts = new AmountWatch(service);
        this.slow = run.random.nextBoolean();
        run.agenda.at(run.agenda.now() + SECOND, this::tick);
        run.agenda.at(run.agenda.now() + SECOND / 10, this::nextInLine);
        run.agenda.at(run.agenda.now() + SECOND, this::lookForAmounts);
    }

    /** By a thread of its own, as the operator does. */
    private void lookForAmounts() {
        if (!alive) {
            return;
        }
        for (var late : amounts.look(run.store.silentAt(now()), now())) {
            if (late.storeSilent()) {
                run.happened("Late");
            } else {
                run.fail("I10: " + late);
            }
        }
        run.agenda.at(run.agenda.now() + SECOND, this::lookForAmounts);
    }

    private LedgerService service() {
        var store = run.store.of(epoch);
        var fenced =
                run.mutant == Mutant.NO_EPOCH_CHECK
                        ? new Blind(store)
                        : new FencedStore(store, epoch, later -> stepDown());
        return new LedgerService(fenced, epoch, run::fleetComplete);
    }

    boolean alive() {
        return alive;
    }

    LedgerService ledger() {
        return service;
    }

    Instant now() {
        return run.wall().plusMillis(skewMillis);
    }

    void stepDown() {
        if (alive) {
            alive = false;
            run.trace("ledger steps down", epoch);
            List.copyOf(connections).forEach(SimulatedConnection::cut);
        }
    }

    /** Its memory is gone, as that of a ledger which does not compare. */
    void forgetAll(List<BudgetEntry> budgets) {
        List.copyOf(connections).forEach(SimulatedConnection::cut);
        streams.clear();
        service = service();
        amounts = new AmountWatch(service);
        amounts.budgets(budgets, now());
        service.updateBudgets(budgets, now());
    }

    void budgets(List<BudgetEntry> budgets) {
        amounts.budgets(budgets, now());
        var heard = run.mutations.heard(budgets);
        enqueue(() -> send(service.updateBudgets(heard, now())));
    }

    /** As the operator does it: see {@code Reclaimer}. */
    void reclaim(String budget, HolderId holder, Consumer<Reclaimed> answer) {
        enqueue(
                () -> {
                    if (run.mutant == Mutant.RECLAIM_WHILE_CONNECTED) {
                        run.mutations.giveBack(budget, holder);
                    } else if (mayBeThere(holder)) {
                        answer.accept(new Reclaimed.Refused("its pod is there, or may be"));
                        return;
                    }
                    var effects = new ArrayList<LedgerEffect>();
                    var reclaimed = service.reclaim(budget, holder, now(), effects::addAll);
                    answer.accept(reclaimed);
                    send(effects);
                });
    }

    private boolean mayBeThere(HolderId holder) {
        return switch (service.whereabouts(holder)) {
            case Whereabouts.Connected _ -> false; // the service refuses
            case Whereabouts.Succeeded _ -> false;
            case Whereabouts.Away(var proxy) -> run.isListed(proxy);
            case Whereabouts.Unheard _ -> !run.fleetComplete(service.connected());
        };
    }

    void receive(SimulatedConnection from, LedgerCommand command) {
        if (command instanceof LedgerCommand.Register register) {
            from.holder = register.holder();
        }
        if (from.holder == null) {
            return;
        }
        enqueue(
                () -> {
                    if (command instanceof LedgerCommand.Register) {
                        streams.put(from.holder, from);
                    }
                    run.trace("ledger " + epoch, command);
                    if (run.mutant == Mutant.GRANT_BEFORE_ACKNOWLEDGED) {
                        handleEarly(command);
                        return;
                    }
                    var effects = new ArrayList<LedgerEffect>();
                    var urgent = service.takeIn(command, now(), effects::addAll);
                    send(effects);
                    urgent.forEach(this::turn);
                });
    }

    private void turn(AccountKey account) {
        enqueue(
                () -> {
                    run.trace("ledger " + epoch + " turns to", account);
                    var effects = new ArrayList<LedgerEffect>();
                    service.turn(account, now(), effects::addAll);
                    send(effects);
                });
    }

    /** The accounts that nobody waits for: soon, or as late as in a large fleet. */
    private void nextInLine() {
        if (!alive) {
            return;
        }
        service.next(1 + run.random.nextInt(3)).forEach(this::turn);
        var wait = run.healed || !slow ? SECOND / 10 : run.random.nextLong(10 * SECOND);
        run.agenda.at(run.agenda.now() + wait, this::nextInLine);
    }

    private void handleEarly(LedgerCommand command) {
        run.store.takeLostWrite();
        var effects = service.handle(command, now());
        if (run.store.takeLostWrite() && command instanceof LedgerCommand.Acquire acquire) {
            effects = early(acquire, effects);
        }
        send(effects);
    }

    /** What a ledger would send that does not wait for the store. */
    private List<LedgerEffect> early(LedgerCommand.Acquire acquire, List<LedgerEffect> effects) {
        var account = run.store.account(acquire.account());
        var lease = account == null ? null : account.lease(acquire.holder());
        if (account == null || account.remainingMicros() < acquire.amountMicros()) {
            return effects;
        }
        var amount = Math.max(acquire.amountMicros(), account.remainingMicros() / 4);
        return List.of(
                new LedgerEffect.Grant(
                        acquire.holder(),
                        acquire.request(),
                        acquire.account(),
                        (lease == null ? 0 : lease.amountMicros()) + amount,
                        account.seq() + 1,
                        epoch,
                        null,
                        false));
    }

    void opened(SimulatedConnection connection) {
        connections.add(connection);
    }

    /** The ledger's side of a connection has ended. */
    void closed(SimulatedConnection connection) {
        connections.remove(connection);
        enqueue(
                () -> {
                    if (connection.holder != null
                            && streams.remove(connection.holder, connection)) {
                        service.disconnected(connection.holder);
                    }
                });
    }

    /** Does what waits, if it is not in the middle of something. */
    void hurry() {
        if (!inside && alive && !queue.isEmpty()) {
            doNext();
        }
    }

    private void tick() {
        if (alive) {
            enqueue(() -> send(service.tick(now())));
            run.agenda.at(run.agenda.now() + SECOND, this::tick);
        }
    }

    private void enqueue(Runnable task) {
        if (alive) {
            queue.add(task);
            work();
        }
    }

    private void work() {
        while (!busy && !queue.isEmpty()) {
            doNext();
        }
    }

    private void doNext() {
        var task = queue.remove();
        inside = true;
        try {
            if (alive) {
                task.run();
            }
        } finally {
            inside = false;
        }
    }

    private void send(List<LedgerEffect> effects) {
        var sorted = new ArrayList<>(effects);
        sorted.sort(Comparator.comparing(effect -> effect.to().logId()));
        sorted.forEach(run.invariants::sent);
        busy = true;
        run.agenda.at(
                run.agenda.now() + run.store.takeLatency(),
                () -> {
                    for (var effect : sorted) {
                        var stream = streams.get(effect.to());
                        if (stream != null) {
                            stream.down(effect);
                        }
                    }
                    busy = false;
                    work();
                });
    }

    /** Sees every account as one of its own epoch. */
    private final class Blind implements AccountStore {
        private final AccountStore store;

        Blind(AccountStore store) {
            this.store = store;
        }

        private Versioned mine(Versioned versioned) {
            var a = versioned.account();
            return new Versioned(
                    new Account(
                            a.key(),
                            a.limitMicros(),
                            a.settledMicros(),
                            a.overrunMicros(),
                            a.resetMicros(),
                            a.resetAt(),
                            a.seq(),
                            Math.min(a.epoch(), epoch),
                            a.leases(),
                            a.closed(),
                            a.frozenAtSeq()),
                    versioned.version());
        }

        @Override
        public Read read(AccountKey key) {
            var answer = store.read(key);
            return answer instanceof Read.Ok(var versioned) ? new Read.Ok(mine(versioned)) : answer;
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            return store.compareAndSet(key, version, account);
        }

        @Override
        public Listing list(String prefix) {
            var answer = store.list(prefix);
            return answer instanceof Listing.Ok(var all, _)
                    ? new Listing.Ok(all.stream().map(this::mine).toList())
                    : answer;
        }

        @Override
        public Identity identity() {
            return store.identity();
        }
    }

    Set<AccountKey> frozen() {
        return service.frozen();
    }
}
