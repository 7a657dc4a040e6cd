package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ledger inside the proxy, for standalone mode: one virtual thread that calls the service in
 * the order of the messages. Its links are those of one process, so they are connected as long as
 * it runs.
 */
public final class InProcessLedger implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(InProcessLedger.class);

    /** Messages that wait; one too many is dropped, as a broken connection would. */
    private static final int QUEUE_MAX = 10_000;

    private static final long TICK_MILLIS = 1_000;

    private final LedgerService service;
    private final TimeSource time;
    private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>(QUEUE_MAX);
    private final ConcurrentHashMap<HolderId, LedgerLink.Listener> listeners =
            new ConcurrentHashMap<>();
    private final Thread thread;
    private final AtomicReference<@Nullable List<BudgetEntry>> changed = new AtomicReference<>();
    private List<AccountStore.Damaged> toldUnreadable = List.of(); // the ledger's thread alone
    private volatile boolean closed;

    public InProcessLedger(LedgerService service, TimeSource time) {
        this.service = service;
        this.time = time;
        service.whenFailed((account, bug) -> LOG.error("ledger: a bug, account {}", account, bug));
        service.whenRegisterFailed(
                (holder, bug) -> LOG.error("ledger: a bug, holder {} is refused", holder, bug));
        this.thread = Thread.ofVirtual().name("ledger").start(this::loop);
    }

    /** A link for one holder of this process. */
    public LedgerLink link(HolderId holder) {
        return new Link(holder);
    }

    /** Passes a snapshot's budgets on to the service, which nobody tells a second time. */
    public void budgetsChanged(List<BudgetEntry> budgets) {
        changed.set(budgets);
        queue.offer(() -> {}); // a full queue wakes it as well
    }

    private void submit(Runnable task) {
        if (!closed && !queue.offer(task)) {
            LOG.warn("ledger: queue of {} is full, a message is dropped", QUEUE_MAX);
        }
    }

    private void loop() {
        var tickAt = time.nanos() + TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
        while (!closed) {
            try {
                var task = queue.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
                var budgets = changed.getAndSet(null);
                if (budgets != null) {
                    deliver(service.updateBudgets(budgets, time.now()));
                }
                if (task != null) {
                    task.run();
                }
                if (time.nanos() - tickAt >= 0) {
                    tickAt = time.nanos() + TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
                    deliver(service.tick(time.now()));
                    tellUnreadable();
                    for (var account : service.next(Integer.MAX_VALUE)) {
                        service.turn(account, time.now(), this::deliver);
                    }
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | VirtualMachineError e) { // nobody else would answer
                LOG.error("ledger: a bug", e);
            }
        }
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

    private void deliver(List<LedgerEffect> effects) {
        for (var effect : effects) {
            var listener = listeners.get(effect.to());
            if (listener != null) {
                listener.effect(effect);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Link implements LedgerLink {
        private final HolderId holder;
        private volatile boolean started;

        Link(HolderId holder) {
            this.holder = holder;
        }

        @Override
        public void start(Listener listener) {
            started = true;
            listeners.put(holder, listener);
            submit(listener::connected);
        }

        @Override
        public void send(LedgerCommand command) {
            submit(
                    () -> {
                        if (started) {
                            deliver(service.handle(command, time.now()));
                        }
                    });
        }

        @Override
        public State state() {
            return started && !closed
                    ? new State.Connected()
                    : new State.Disconnected("not started or closed");
        }

        @Override
        public void close() {
            started = false;
            listeners.remove(holder);
            submit(() -> service.disconnected(holder));
        }
    }
}
