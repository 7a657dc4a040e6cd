package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.dataplane.wal.WalSettings;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.budget.Window;
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
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Fleets of ten proxies in simulated time: the real gates, logs and ledger. With a thousand Budgets
 * the store is written at most 20 times a second once the slices are as large as the burn, and
 * hardly any request waits for the ledger's answer. With a tenth of a Budget left nobody notices
 * that the ledger says nothing for a minute.
 */
class ManyBudgetsTest {

    private static final int BUDGETS = 1_000;
    private static final int PROXIES = 10;
    private static final long SECOND = 1_000_000_000L;
    private static final long WAY_NANOS = 2_000_000;

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
    private final List<LedgerCommand> unheard = new ArrayList<>();
    private final List<Wal> logs = new ArrayList<>();
    private boolean away;

    /** Of one Budget at one proxy. */
    private long betweenRequests = 12 * SECOND;

    private long asked;
    private long waited;
    private long refused;

    @Test
    void theStoreIsWrittenSeldomAndHardlyAnybodyWaits() throws IOException {
        for (int i = 0; i < BUDGETS; i++) {
            budgets.add(Budgets.hard("team-a/budget-" + i, 1_000_000_000L));
        }
        startFleet();
        run(SETTLED_AFTER_SECONDS);

        long writes = store.writes;
        countFromNow();
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

    /** The tenth is worth five minutes of what the fleet spends. */
    @ParameterizedTest
    @ValueSource(ints = {0, 17, 31, 44})
    void aMinuteWithoutTheLedgerIsNotNoticedWithATenthLeft(int second) throws IOException {
        betweenRequests = SECOND / 10;
        var perSecond = COST.microsUp() * PROXIES * SECOND / betweenRequests;
        var tenth = 300 * perSecond;
        var budget = Budgets.hard("team-a/monthly", 10 * tenth);
        budgets.add(budget);
        spendBefore(budget, 9 * tenth - (SETTLED_AFTER_SECONDS / 2 + second) * perSecond);
        startFleet();
        run(SETTLED_AFTER_SECONDS / 2 + second);

        assertThat(left()).as("left").isCloseTo(tenth, within(tenth / 50));
        away = true;
        countFromNow();
        run(60);
        assertThat(asked).isGreaterThan(50 * PROXIES * SECOND / betweenRequests);
        assertThat(waited).isZero();
        assertThat(refused).isZero();

        away = false;
        unheard.forEach(this::arrive);
        unheard.clear();
        run(60);
        assertThat(refused).isZero();
        logs.forEach(Wal::close);
    }

    private void spendBefore(BudgetEntry budget, long micros) {
        var window = Window.of(budget.period(), start);
        var key = AccountKey.of(budget.key(), "", window);
        var limit = Objects.requireNonNull(budget.limitMicros());
        store.compareAndSet(
                key,
                AccountStore.ABSENT,
                new Account(key, limit, micros, 0, 0, null, 1, 1, List.of(), List.of()));
    }

    /** As the fleet's logs tell, in micro-USD. */
    private long left() {
        var account = ledger.accounts().getFirst();
        var untold = 0L;
        for (var lease : account.leases()) {
            var told =
                    Objects.requireNonNull(
                            logOf(lease.holder())
                                    .totals(account.key().toString(), lease.holder().bootEpoch()));
            untold += told.settledMicros() - lease.settledMicros();
        }
        return account.amountMicros() - account.spentMicros() - untold;
    }

    private void countFromNow() {
        waited = 0;
        asked = 0;
        refused = 0;
    }

    private void startFleet() throws IOException {
        ledger.updateBudgets(budgets, now());
        every(
                SECOND,
                () -> {
                    if (!away) {
                        ledger.tick(now(), this::send);
                    }
                });
        every(
                WritePace.EVERY_MILLIS * 1_000_000,
                () -> {
                    if (!away) {
                        nextInLine();
                    }
                });
        for (int i = 0; i < PROXIES; i++) {
            logs.add(startProxy(i));
        }
    }

    private Wal logOf(HolderId holder) {
        return logs.stream().filter(log -> log.holder().equals(holder)).findFirst().orElseThrow();
    }

    private Wal startProxy(int number) throws IOException {
        var settings =
                WalSettings.in(folder.resolve("proxy-" + number))
                        .withSegmentBytes(SEGMENT_BYTES, LOG_BYTES);
        var log = Wal.open(settings);
        var gateSettings = GateSettings.of("proxy-" + number);
        var clock = new Clock();
        var thread = new SimulatedThread(agenda, new Agenda.Life(), random);
        var keeper =
                new LeaseKeeper(
                        log,
                        new Link(log.holder()),
                        gateSettings,
                        clock,
                        BoundViolations.unkept(),
                        thread);
        var admitter = new Admitter(log, keeper, clock);
        var gate = new LeasedBudgetGate(log, keeper, admitter, gateSettings, clock);
        keeper.start(admitter);
        gate.snapshotChanged(budgets);
        for (var budget : budgets) {
            askLater(gate, log, budget, random.nextLong(betweenRequests));
        }
        return log;
    }

    private void askLater(LeasedBudgetGate gate, Wal log, BudgetEntry budget, long after) {
        agenda.at(
                agenda.now() + after,
                () -> {
                    ask(gate, log, budget);
                    var jitter = random.nextLong(betweenRequests / 2);
                    askLater(gate, log, budget, betweenRequests * 3 / 4 + jitter);
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

    private void arrive(LedgerCommand command) {
        if (away) {
            unheard.add(command);
            return;
        }
        ledger.takeIn(command, now(), this::send)
                .forEach(key -> ledger.turn(key, now(), this::send));
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
