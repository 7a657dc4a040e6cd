package dev.tollgate.operator.ledger;

import dev.tollgate.operator.push.LedgerEndpoint;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.AmountWatch;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerMessages;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.budget.Reclaimed;
import dev.tollgate.policy.budget.WritePace;
import dev.tollgate.policy.push.FromLedger;
import dev.tollgate.policy.push.ToLedger;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the messages of all ledger streams to the {@link LedgerService}, which blocks on the
 * store, and its effects back to the streams. An account has its turn at once if somebody waits for
 * it, else at the {@link WritePace}; turns of one account follow one another, each account on a
 * virtual thread of its own. Messages of a stream wait until its Register is done. A queue that is
 * full drops.
 */
public final class LedgerStreams implements LedgerEndpoint, AutoCloseable {

    private static final long TICK_MILLIS = 1_000;

    /** Accounts that are written at the same time: more would only wait in the store. */
    private static final int WRITES_MAX = 32;

    private static final Logger LOG = LoggerFactory.getLogger(LedgerStreams.class);

    private final LedgerService service;
    private final Clock clock;
    private final Map<AccountKey, SerialQueue> accounts = new ConcurrentHashMap<>();
    private final Map<HolderId, Stream> streams = new ConcurrentHashMap<>();
    private final Set<AccountKey> due = ConcurrentHashMap.newKeySet();
    private final Semaphore writes = new Semaphore(WRITES_MAX);
    private final WritePace pace = new WritePace();
    private final Holders holders = new Holders();
    private final Failures failures = new Failures();
    private final Paces paces = new Paces();
    private final AmountWatch amounts;
    private final StoreSilence store;

    /** As last logged; confined to the thread that ticks. */
    private Set<AccountKey> toldUnstored = Set.of();

    /** The same. */
    private List<AccountStore.Damaged> toldUnreadable = List.of();

    private final ScheduledExecutorService ticker =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofVirtual().name("ledger-tick").factory());

    private final ScheduledExecutorService pacer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofVirtual().name("ledger-pace").factory());

    /**
     * @param store that the service uses
     */
    public LedgerStreams(LedgerService service, StoreSilence store, Clock clock) {
        this.service = service;
        this.amounts = new AmountWatch(service);
        this.store = store;
        this.clock = clock;
        service.whenFailed(failures::at);
        service.whenRegisterFailed(failures::at);
        ticker.scheduleWithFixedDelay(
                () -> failures.guard(this::tick), TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        pacer.scheduleWithFixedDelay(
                () -> failures.guard(this::nextInLine),
                WritePace.EVERY_MILLIS,
                WritePace.EVERY_MILLIS,
                TimeUnit.MILLISECONDS);
        pacer.scheduleWithFixedDelay(
                () -> failures.guard(this::lookForAmounts),
                TICK_MILLIS,
                TICK_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    /** Not by the thread that brings them into the accounts, which may wait for the store. */
    private void lookForAmounts() {
        List<AmountWatch.Late> late;
        synchronized (amounts) {
            late = amounts.look(store.last(), clock.instant());
        }
        late.forEach(failures::late);
    }

    private void tick() {
        service.tick(clock.instant(), this::send);
        paces.see(service.accounts(), service.frozen(), clock.instant());
        tellUnstored();
        tellUnreadable();
    }

    private void tellUnreadable() {
        var unreadable = service.unreadable();
        if (!unreadable.equals(toldUnreadable)) {
            toldUnreadable = unreadable;
            LOG.atError()
                    .addKeyValue("accounts", unreadable)
                    .log(
                            unreadable.isEmpty()
                                    ? "all accounts can be read again"
                                    : "these accounts cannot be read: their Budgets give nothing"
                                            + " until somebody mends them");
        }
    }

    private void tellUnstored() {
        var unstored = service.unstored();
        if (!unstored.equals(toldUnstored)) {
            toldUnstored = unstored;
            LOG.atError()
                    .addKeyValue("accounts", unstored)
                    .log(
                            unstored.isEmpty()
                                    ? "all that proxies told is stored again"
                                    : "the store does not take what proxies told of these accounts:"
                                            + " their Budgets give nothing until it does");
        }
    }

    /** Few while the store is slow: who waits is not to stand behind them. */
    private void nextInLine() {
        var free = writes.availablePermits();
        var room = free == 0 ? 0 : Math.max(1, free - WRITES_MAX / 2);
        var next = service.next(Math.min(pace.turns(), room));
        pace.used(next.size());
        next.forEach(this::turn);
    }

    /** Behind what the account has to do, unless its turn is to come already. */
    private void turn(AccountKey account) {
        if (!due.add(account)) {
            return;
        }
        accounts.compute(
                account,
                (_, known) -> {
                    var queue = known == null ? new SerialQueue(failures) : known;
                    queue.execute(() -> write(account));
                    return queue;
                });
    }

    private void write(AccountKey account) {
        writes.acquireUninterruptibly();
        try {
            due.remove(account);
            failures.guard(() -> service.turn(account, clock.instant(), this::send));
        } finally {
            writes.release();
            forgetIdle(account);
        }
    }

    /** At the end of a task: a queue that holds no other one is made anew when needed. */
    private void forgetIdle(AccountKey account) {
        accounts.computeIfPresent(account, (_, queue) -> queue.empty() ? null : queue);
    }

    /** The limits of a new snapshot; returns at once. */
    public void budgets(List<BudgetEntry> budgets) {
        failures.guard(() -> watch(budgets));
        later(() -> service.updateBudgets(budgets, clock.instant(), this::send));
    }

    private void watch(List<BudgetEntry> budgets) {
        synchronized (amounts) {
            amounts.budgets(budgets, clock.instant());
        }
    }

    /** Runs it soon on the thread that ticks. */
    void later(Runnable task) {
        ticker.execute(() -> failures.guard(task));
    }

    /** Why the holder's process may still be there; empty: it is not. Blocking. */
    Optional<String> mayBeThere(HolderId holder, FleetPods pods) {
        return pods.mayBeThere(service.whereabouts(holder), service.connected());
    }

    /** Gives back what a lost holder has of a Budget. Blocking. */
    Reclaimed reclaim(String budget, HolderId holder) {
        return service.reclaim(budget, holder, clock.instant(), this::send);
    }

    /** Who has registered since this operator began. */
    public Holders holders() {
        return holders;
    }

    /** All accounts as last stored. */
    public List<Account> accounts() {
        return service.accounts();
    }

    /** See {@link LedgerService#refused}. */
    public Map<AccountKey, Long> refused() {
        return service.refused();
    }

    /** Micro-dollars of a day, of accounts without a window's end: see {@link Paces}. */
    public Map<AccountKey, Long> paces() {
        return paces.perDay(service.accounts(), clock.instant());
    }

    /** See {@link LedgerService#refusedBefore}. */
    public void refusedBefore(AccountKey account, long neededMicros) {
        service.refusedBefore(account, neededMicros);
    }

    /** Accounts that give nothing out because the store has forgotten something. */
    public Set<AccountKey> frozen() {
        return service.frozen();
    }

    /** How often the ledger has failed at a step or a task since it began: each is a bug. */
    public long failures() {
        return failures.count();
    }

    /** How often an amount was not in force within 5 s though the store answered: each is a bug. */
    public long lateAmounts() {
        return failures.lateAmounts();
    }

    /** Accounts that give nothing out because the store does not take what was told of them. */
    public Set<AccountKey> unstored() {
        return service.unstored();
    }

    /** See {@link LedgerService#unreadable}. */
    public List<AccountStore.Damaged> unreadable() {
        return service.unreadable();
    }

    @Override
    public Session open(Consumer<FromLedger> send) {
        return new Stream(send);
    }

    private void send(List<LedgerEffect> effects) {
        for (var effect : effects) {
            var stream = streams.get(effect.to());
            if (stream != null) {
                stream.send.accept(LedgerMessages.message(effect));
            } else if (effect instanceof LedgerEffect.Registered) {
                service.disconnected(effect.to()); // it left while its Register waited
            }
        }
    }

    /** One proxy's stream; {@code received} and {@code closed} come from one event loop. */
    private final class Stream implements Session {

        private final Consumer<FromLedger> send;

        /** Runs Register, and holds back the rest until it is done. */
        private final SerialQueue order = new SerialQueue(failures);

        private @Nullable HolderId holder;

        Stream(Consumer<FromLedger> send) {
            this.send = send;
        }

        @Override
        public void received(ToLedger message) {
            try {
                if (message.hasRegister()) {
                    holder = LedgerMessages.holder(message.getRegister());
                }
                var registered = holder;
                if (registered == null) {
                    LOG.atWarn().log("a ledger message before Register was dropped");
                    return;
                }
                LedgerMessages.command(message, registered).ifPresent(this::dispatch);
            } catch (IllegalArgumentException e) {
                LOG.atError()
                        .addKeyValue("error", e.getMessage())
                        .log("a message of a proxy's ledger stream was dropped");
            }
        }

        /** Behind this stream's Register. */
        private void dispatch(LedgerCommand command) {
            order.execute(
                    () -> {
                        if (command instanceof LedgerCommand.Register register) {
                            streams.put(register.holder(), this);
                            holders.came(register.holder(), register.proxy(), clock.instant());
                        }
                        failures.guard(() -> takeIn(command));
                    });
        }

        private void takeIn(LedgerCommand command) {
            service.takeIn(command, clock.instant(), LedgerStreams.this::send)
                    .forEach(LedgerStreams.this::turn);
        }

        /** In one step, so that it never ends the stream that has replaced this one. */
        private @Nullable Stream end(HolderId registered, Stream present) {
            if (present != this) {
                return present;
            }
            service.disconnected(registered);
            holders.left(registered, clock.instant());
            return null;
        }

        @Override
        public void closed() {
            order.execute(
                    () -> {
                        var registered = holder;
                        if (registered != null) {
                            streams.computeIfPresent(registered, this::end);
                        }
                    });
        }
    }

    @Override
    public void close() {
        ticker.shutdownNow();
        pacer.shutdownNow();
    }
}
