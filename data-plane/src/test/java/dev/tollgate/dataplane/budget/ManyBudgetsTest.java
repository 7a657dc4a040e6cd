package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.dataplane.wal.WalSettings;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.budget.WritePace;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A thousand Budgets at ten proxies, in simulated time: the real gates, logs and ledger. The store
 * is written at most 20 times a second once the slices are as large as the burn, hardly any request
 * waits for the ledger's answer, and hardly any is refused when it says nothing for a minute.
 */
class ManyBudgetsTest {

    private static final int BUDGETS = 1_000;
    private static final int PROXIES = 10;
    private static final long SECOND = 1_000_000_000L;
    private static final long WAY_NANOS = 2_000_000;

    /** Of one Budget at one proxy. */
    private static final long BETWEEN_REQUESTS = 12 * SECOND;

    private static final Money BOUND = Money.parse("0.02");
    private static final Money COST = Money.parse("0.01");
    private static final int SEGMENT_BYTES = 4 * 1024 * 1024;
    private static final long LOG_BYTES = 64L * SEGMENT_BYTES;

    private static final int SETTLED_AFTER_SECONDS = 240;
    private static final int STEADY_SECONDS = 120;
    private static final double WRITES_A_SECOND = 20;
    private static final int HARDLY_ANY = 1_000;

    @TempDir Path folder;

    private final Agenda agenda = new Agenda();
    private final SplittableRandom random = new SplittableRandom(1);
    private final Instant start = Instant.parse("2026-11-10T12:00:00Z");
    private final Store store = new Store();
    private final LedgerService ledger = new LedgerService(store, 1);
    private final WritePace pace = new WritePace();
    private final Map<HolderId, LedgerLink.Listener> listeners = new HashMap<>();
    private final List<BudgetEntry> budgets = new ArrayList<>();
    private long asked;
    private long waited;
    private long refused;

    @Test
    void theStoreIsWrittenSeldomAndHardlyAnybodyWaits() throws IOException {
        for (int i = 0; i < BUDGETS; i++) {
            budgets.add(Budgets.hard("team-a/budget-" + i, 1_000_000_000L));
        }
        ledger.updateBudgets(budgets, now());
        every(SECOND, () -> ledger.tick(now(), this::send));
        every(WritePace.EVERY_MILLIS * 1_000_000, this::nextInLine);
        var logs = new ArrayList<Wal>();
        for (int i = 0; i < PROXIES; i++) {
            logs.add(startProxy(i));
        }
        run(SETTLED_AFTER_SECONDS);

        long writes = store.writes;
        waited = 0;
        asked = 0;
        refused = 0;
        run(STEADY_SECONDS);
        var perSecond = (store.writes - writes) / (double) STEADY_SECONDS;
        assertThat(asked).isGreaterThan(BUDGETS * PROXIES);
        assertThat(perSecond).as("writes a second").isBetween(1.0, WRITES_A_SECOND);
        assertThat(waited)
                .as("of %s requests, those that waited", asked)
                .isLessThan(asked / HARDLY_ANY);

        assertThat(refused).isZero();
        logs.forEach(Wal::close);
    }

    private Wal startProxy(int number) throws IOException {
        var settings =
                WalSettings.in(folder.resolve("proxy-" + number))
                        .withSegmentBytes(SEGMENT_BYTES, LOG_BYTES);
        var log = Wal.open(settings);
        var gateSettings = GateSettings.of("proxy-" + number);
        var clock = new Clock();
        var thread = new SimulatedThread(agenda, new Agenda.Life(), random);
        var keeper = new LeaseKeeper(log, new Link(log.holder()), gateSettings, clock, thread);
        var admitter = new Admitter(log, keeper, clock);
        var gate = new LeasedBudgetGate(log, keeper, admitter, gateSettings, clock);
        keeper.start(admitter);
        gate.snapshotChanged(budgets);
        for (var budget : budgets) {
            askLater(gate, log, budget, random.nextLong(BETWEEN_REQUESTS));
        }
        return log;
    }

    private void askLater(LeasedBudgetGate gate, Wal log, BudgetEntry budget, long after) {
        agenda.at(
                agenda.now() + after,
                () -> {
                    ask(gate, log, budget);
                    var jitter = random.nextLong(BETWEEN_REQUESTS / 2);
                    askLater(gate, log, budget, BETWEEN_REQUESTS * 3 / 4 + jitter);
                });
    }

    private void ask(LeasedBudgetGate gate, Wal log, BudgetEntry budget) {
        var id = "call-" + asked++;
        var answer = gate.reserve(Budgets.claim(id, BOUND, budget));
        if (!answer.isComplete()) {
            waited++;
        }
        answer.onSuccess(
                admission -> {
                    if (admission instanceof Admission.Reserved(var reservation)) {
                        reservation.settle(COST, false);
                        Books.record(log, id, COST.nanos());
                    } else {
                        refused++;
                    }
                });
    }

    private void nextInLine() {
        var accounts = ledger.next(pace.turns());
        pace.used(accounts.size());
        accounts.forEach(account -> ledger.turn(account, now(), this::send));
    }

    private void send(List<LedgerEffect> effects) {
        for (var effect : effects) {
            var listener = listeners.get(effect.to());
            agenda.at(agenda.now() + WAY_NANOS, () -> listener.effect(effect));
        }
    }

    private Instant now() {
        return start.plusNanos(agenda.now());
    }

    private void every(long nanos, Runnable task) {
        agenda.at(
                agenda.now() + nanos,
                () -> {
                    task.run();
                    every(nanos, task);
                });
    }

    private void run(int seconds) {
        agenda.runUntil(agenda.now() + seconds * SECOND);
    }

    private final class Clock implements TimeSource {
        @Override
        public long nanos() {
            return agenda.now();
        }

        @Override
        public Instant now() {
            return ManyBudgetsTest.this.now();
        }
    }

    private final class Link implements LedgerLink {
        private final HolderId holder;

        Link(HolderId holder) {
            this.holder = holder;
        }

        @Override
        public void start(Listener listener) {
            listeners.put(holder, listener);
            listener.connected();
        }

        @Override
        public void send(LedgerCommand command) {
            agenda.at(agenda.now() + WAY_NANOS, () -> arrive(command));
        }

        private void arrive(LedgerCommand command) {
            ledger.takeIn(command, now(), ManyBudgetsTest.this::send)
                    .forEach(key -> ledger.turn(key, now(), ManyBudgetsTest.this::send));
        }

        @Override
        public State state() {
            return new State.Connected();
        }

        @Override
        public void close() {
            listeners.remove(holder);
        }
    }

    private static final class Store implements AccountStore {
        private final MemoryStore accounts = new MemoryStore();
        long writes;

        @Override
        public Read read(AccountKey key) {
            return accounts.read(key);
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            writes++;
            return accounts.compareAndSet(key, version, account);
        }

        @Override
        public Listing list(String prefix) {
            return accounts.list(prefix);
        }

        @Override
        public Identity identity() {
            return accounts.identity();
        }
    }
}
