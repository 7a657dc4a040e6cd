package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.dataplane.budget.Admission.Refused;
import dev.tollgate.dataplane.budget.Admission.Reserved;
import dev.tollgate.dataplane.wal.SimulatedDisk;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.dataplane.wal.WalSettings;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import dev.tollgate.policy.snapshot.BudgetEntry.Step;
import dev.tollgate.policy.violation.Violation;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BudgetGateTest {

    private static final Money CENT = Money.parse("0.01");

    @TempDir Path directory;

    private final MemoryStore store = new MemoryStore();
    private final LedgerService service = new LedgerService(store, 1);
    private final InProcessLedger ledger = new InProcessLedger(service, TimeSource.SYSTEM);
    private final List<BudgetGate> gates = new ArrayList<>();
    private final List<Wal> logs = new ArrayList<>();

    @AfterEach
    void close() {
        gates.forEach(gate -> join(gate.close(0)));
        logs.forEach(Wal::close);
        ledger.close();
    }

    private BudgetGate gate(String name) throws Exception {
        return gate(name, patient(name));
    }

    /** The defaults, but a lease is waited for as long as a busy machine may need. */
    private static GateSettings patient(String name) {
        var usual = GateSettings.of(name);
        return new GateSettings(
                name,
                usual.sliceAhead(),
                usual.idleReturn(),
                Duration.ofSeconds(8),
                usual.waitersMax(),
                usual.reportEvery());
    }

    private BudgetGate gate(String name, GateSettings settings) throws Exception {
        var wal =
                Wal.open(
                        WalSettings.in(directory.resolve(name))
                                .withSegmentBytes(1 << 20, 16L << 20));
        logs.add(wal);
        return gate(wal, name, settings);
    }

    private BudgetGate gate(Wal wal, String name, GateSettings settings) {
        var gate =
                join(
                        LeasedBudgetGate.open(
                                wal,
                                ledger.link(wal.holder()),
                                settings,
                                TimeSource.SYSTEM,
                                BoundViolations.in(directory.resolve(name + ".json"))));
        gates.add(gate);
        return gate;
    }

    static <T> T join(io.vertx.core.Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static Reservation reserved(BudgetGate gate, Claim claim) {
        var admission = join(gate.reserve(claim));
        assertThat(admission).isInstanceOf(Reserved.class);
        return ((Reserved) admission).reservation();
    }

    private static Refused refused(BudgetGate gate, Claim claim) {
        var admission = join(gate.reserve(claim));
        assertThat(admission).isInstanceOf(Refused.class);
        return (Refused) admission;
    }

    private void budgets(BudgetEntry... entries) {
        ledger.budgetsChanged(List.of(entries));
    }

    @Test
    void spendsAHardBudgetToTheLastCentAndNotOneMore() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        var gate = gate("a");
        for (var i = 0; i < 100; i++) {
            reserved(gate, Budgets.claim("r" + i, CENT, budget)).settle(CENT, false);
        }
        var refusal = refused(gate, Budgets.claim("last", CENT, budget));
        assertThat(refusal.kind()).isEqualTo(RefusalKind.EXHAUSTED);
        assertThat(refusal.message()).contains("team-a/monthly", "1.00", "resets at");
        assertThat(refusal.retryAfter()).isPositive();
        join(gates.removeFirst().close(8_000));
        var account = service.accounts().getFirst();
        assertThat(account.settledMicros()).isEqualTo(1_000_000);
        assertThat(account.outstandingMicros()).isZero();
    }

    /** Of at most 10 cents, of which one is held at first. */
    private static SteppedReservation stepped(BudgetGate gate, String id, BudgetEntry budget) {
        var whole = Budgets.claim(id, CENT, budget);
        var claim =
                new Claim(
                        whole.request(),
                        whole.attempt(),
                        whole.budgets(),
                        Money.parse("0.10"),
                        true,
                        "");
        return new SteppedReservation(gate, claim, reserved(gate, claim));
    }

    @Test
    void holdsInStepsAndSettlesOverAllOfThem() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        var gate = gate("a");
        var reservation = stepped(gate, "r", budget);
        assertThat(join(reservation.extend(Money.parse("0.03"), List.of(budget)))).isTrue();
        assertThat(join(reservation.extend(Money.parse("0.02"), List.of(budget)))).isTrue();
        assertThat(reservation.held()).isEqualTo(Money.parse("0.03"));
        assertThat(gate.figures().getFirst().held()).isEqualTo(Money.parse("0.03"));
        assertThat(join(reservation.extend(Money.parse("7"), List.of(budget)))).isTrue();
        assertThat(reservation.held()).isEqualTo(Money.parse("0.10"));
        reservation.settle(Money.parse("0.025"), false);
        assertThat(gate.figures().getFirst().held()).isEqualTo(Money.ZERO);
        assertThat(gate.figures().getFirst().spent()).isEqualTo(Money.parse("0.025"));
        reservation.settle(CENT, false);
        assertThat(gate.figures().getFirst().spent()).isEqualTo(Money.parse("0.025"));
        assertThat(gate.counters().doubleSettles()).isEqualTo(1);
    }

    @Test
    void saysWhenThereIsNoMoneyForAnotherStepAndKeepsWhatItHolds() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 30_000);
        budgets(budget);
        var gate = gate("a");
        var reservation = stepped(gate, "r", budget);
        assertThat(join(reservation.extend(Money.parse("0.03"), List.of(budget)))).isTrue();
        assertThat(join(reservation.extend(Money.parse("0.04"), List.of(budget)))).isFalse();
        assertThat(reservation.held()).isEqualTo(Money.parse("0.03"));
        reservation.settle(Money.parse("0.03"), true);
        assertThat(gate.figures().getFirst().spent()).isEqualTo(Money.parse("0.03"));
    }

    @Test
    void whatAStepCostsAboveItsHoldIsAnOverrunAndAboveItsBoundAViolation() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 10_000);
        budgets(budget);
        var gate = gate("a");
        stepped(gate, "r", budget).settle(Money.parse("0.02"), false);
        join(gates.removeFirst().close(8_000));
        var account = service.accounts().getFirst();
        assertThat(account.settledMicros() + account.overrunMicros()).isEqualTo(20_000);
        assertThat(account.overrunMicros()).isEqualTo(10_000);
        assertThat(gate.figures().getFirst().boundViolations()).isZero();

        var other = Budgets.hard("team-a/other", 1_000_000);
        budgets(budget, other);
        var second = gate("b");
        var reservation = stepped(second, "s", other);
        assertThat(join(reservation.extend(Money.parse("0.05"), List.of(other)))).isTrue();
        reservation.settle(Money.parse("0.11"), false);
        assertThat(second.figures().getFirst().boundViolations()).isEqualTo(1);
        // the whole cost and the whole bound, and not those of the last step
        assertThat(refused(second, Budgets.claim("t", CENT, other)).message())
                .contains("s cost 0.11 USD", "bound of 0.1");
    }

    @Test
    void aBillAboveADeclaredCeilingOrAnAssumedOneIsNoViolation() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        var gate = gate("a");
        gate.snapshotChanged(List.of(budget));
        var claim = Budgets.claim("r1", CENT, budget);
        var declared =
                new Claim(
                        claim.request(),
                        claim.attempt(),
                        claim.budgets(),
                        claim.most(),
                        false,
                        claim.scope());
        reserved(gate, declared).settle(Money.parse("0.05"), false);
        reserved(gate, Budgets.claim("r2", CENT, budget)).settle(Money.parse("0.05"), true);
        assertThat(gate.violations().untold()).isEmpty();
        assertThat(gate.figures().getFirst().boundViolations()).isZero();
        assertThat(gate.figures().getFirst().spent()).isEqualTo(Money.parse("0.10"));
        reserved(gate, Budgets.claim("r3", CENT, budget)).settle(CENT, false);
    }

    @Test
    void aProviderOfAnotherNamespaceStopsNobodyElsesBudget() throws Exception {
        var own = Budgets.hard("team-b/own", 1_000_000);
        var platform = Budgets.hard("tollgate-system/all", 1_000_000);
        budgets(own, platform);
        var gate = gate("a");
        gate.snapshotChanged(List.of(own, platform));
        var claim = Budgets.claim("r1", CENT, own, platform);
        var billed =
                new Claim(
                        claim.request(),
                        claim.attempt(),
                        claim.budgets(),
                        claim.most(),
                        true,
                        "team-b");
        reserved(gate, billed).settle(Money.parse("0.05"), false);
        assertThat(refused(gate, Budgets.claim("r2", CENT, own)).kind())
                .isEqualTo(RefusalKind.SUSPENDED);
        reserved(gate, Budgets.claim("r3", CENT, platform)).settle(CENT, false);
        assertThat(gate.violations().untold())
                .extracting(Violation::budget, Violation::stops)
                .containsExactlyInAnyOrder(
                        tuple("team-b/own", true), tuple("tollgate-system/all", false));

        // one of the platform's own provider stops it, for all
        reserved(gate, Budgets.claim("r4", CENT, platform)).settle(Money.parse("0.05"), false);
        var refusal = refused(gate, Budgets.claim("r5", CENT, platform));
        assertThat(refusal.kind()).isEqualTo(RefusalKind.SUSPENDED);
        assertThat(refusal.message()).contains("tollgate-system/all").doesNotContain("r4");
    }

    @Test
    void aCallThatWasBilledAboveItsBoundStopsItsHardBudgetAndNoOther() throws Exception {
        var hard = Budgets.hard("team-a/hard", 1_000_000);
        var soft = Budgets.budget("team-a/soft", 1_000_000, Budgets.MONTH, Mode.SOFT);
        budgets(hard, soft);
        var gate = gate("a");
        gate.snapshotChanged(List.of(hard, soft));
        var inFlight = reserved(gate, Budgets.claim("r1", CENT, hard));
        reserved(gate, Budgets.claim("r2", CENT, hard)).settle(Money.parse("0.05"), false);
        reserved(gate, Budgets.claim("r3", CENT, soft)).settle(Money.parse("0.05"), false);

        var refusal = refused(gate, Budgets.claim("r4", CENT, hard));
        assertThat(refusal.kind()).isEqualTo(RefusalKind.SUSPENDED);
        assertThat(refusal.message()).contains("r2", "0.05 USD", "0.01 USD");
        reserved(gate, Budgets.claim("r5", CENT, soft)).settle(CENT, false);
        inFlight.settle(CENT, false);
        assertThat(gate.figures())
                .filteredOn(f -> f.name().equals("team-a/hard"))
                .singleElement()
                .satisfies(f -> assertThat(f.spent()).isEqualTo(Money.parse("0.06")));

        var at = gate.violations().untold().getFirst().at();
        var lifted = BudgetBuilder.as(hard).acknowledgedAt(at.plusSeconds(1)).build();
        reserved(gate, Budgets.claim("r6", CENT, lifted)).settle(CENT, false);
        join(gates.removeFirst().close(8_000));
        logs.removeFirst().close();
        var again = gate("a");
        assertThat(refused(again, Budgets.claim("r7", CENT, hard)).message()).contains("r2");
    }

    @Test
    void whatAKillLeavesInStepsIsChargedAtAllThatWasHeldInOneAttempt() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        var gate = gate("a");
        var reservation = stepped(gate, "r", budget);
        assertThat(join(reservation.extend(Money.parse("0.04"), List.of(budget)))).isTrue();
        logs.getFirst().close(); // as a kill does: nothing is settled
        var copy = directory.resolve("a");
        try (var again = Wal.open(WalSettings.in(copy).withSegmentBytes(1 << 20, 16L << 20))) {
            assertThat(again.interrupted()).hasSize(1);
            var tried = again.interrupted().getFirst().tries();
            assertThat(tried).hasSize(1);
            assertThat(tried.getFirst().costNanos()).isEqualTo(Money.parse("0.04").nanos());
            assertThat(tried.getFirst().assumed()).isTrue();
        }
        gates.clear();
    }

    /** Runs what the log left to its workers. */
    private static void work(Queue<Runnable> tasks) {
        for (var i = tasks.size(); i > 0; i--) {
            tasks.remove().run();
        }
    }

    @Test
    void aFullDiskStopsHardBudgetsAloneAndOnlyUntilThereIsRoom() throws Exception {
        var hard = Budgets.hard("team-a/hard", 1_000_000_000);
        var soft = Budgets.budget("team-a/soft", 1_000_000_000, Budgets.MONTH, Mode.SOFT);
        budgets(hard, soft);
        var tasks = new ConcurrentLinkedQueue<Runnable>();
        var disk = new SimulatedDisk("log", Arena.ofAuto(), new Random(1));
        var wal = disk.open((delay, task) -> tasks.add(task));
        logs.add(wal);
        var gate = gate(wal, "log", GateSettings.of("log"));
        reserved(gate, Budgets.claim("soft", CENT, soft)).settle(Money.ZERO, false);
        var open = reserved(gate, Budgets.claim("open", CENT, hard));

        disk.full(true);
        Refused refusal = null;
        for (var i = 0; refusal == null; i++) {
            assertThat(i).as("requests in one segment").isLessThan(10_000);
            switch (join(gate.reserve(Budgets.claim("r" + i, CENT, hard)))) {
                case Reserved(var reservation) -> reservation.settle(Money.ZERO, false);
                case Refused no -> refusal = no;
            }
        }
        assertThat(refusal.kind()).isEqualTo(RefusalKind.LOG_UNAVAILABLE);
        work(tasks);
        var dropped = gate.counters().droppedRecords();
        var again = refused(gate, Budgets.claim("hard", CENT, hard));
        assertThat(again.kind()).isEqualTo(RefusalKind.LOG_UNAVAILABLE);
        assertThat(again.budget()).isEqualTo("team-a/hard");
        assertThat(refused(gate, Budgets.claim("both", CENT, hard, soft)).kind())
                .isEqualTo(RefusalKind.LOG_UNAVAILABLE);
        assertThat(gate.counters().droppedRecords()).isEqualTo(dropped + 2);
        // its intent, and that it was admitted without one
        reserved(gate, Budgets.claim("unlogged", CENT, soft)).settle(CENT, false);
        assertThat(gate.counters().droppedRecords()).isEqualTo(dropped + 4);
        assertThat(gate.figures())
                .filteredOn(f -> f.name().equals("team-a/hard"))
                .singleElement()
                .satisfies(f -> assertThat(f.held()).isEqualTo(CENT));
        open.settle(CENT, false);

        disk.full(false);
        work(tasks);
        work(tasks);
        reserved(gate, Budgets.claim("later", CENT, hard)).settle(CENT, false);
        assertThat(gate.figures())
                .filteredOn(f -> f.name().equals("team-a/hard"))
                .singleElement()
                .satisfies(f -> assertThat(f.spent()).isEqualTo(CENT.times(2)));
        assertThat(wal.openIntents()).isZero();
    }

    @Test
    void freesWhatASettlementDidNotUse() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 20_000);
        budgets(budget);
        var gate = gate("a");
        for (var i = 0; i < 10; i++) {
            reserved(gate, Budgets.claim("r" + i, CENT, budget))
                    .settle(Money.parse("0.001"), false);
        }
        reserved(gate, Budgets.claim("free", CENT, budget)).settle(Money.ZERO, false);
        assertThat(gate.figures().getFirst().spent()).isEqualTo(Money.parse("0.01"));
        assertThat(gate.figures().getFirst().held()).isEqualTo(Money.ZERO);
        reserved(gate, Budgets.claim("small", Money.parse("0.004"), budget))
                .settle(Money.parse("0.004"), false);
        var refusal = refused(gate, Budgets.claim("large", CENT, budget));
        assertThat(refusal.remaining()).isEqualTo(Money.parse("0.006"));
    }

    @Test
    void refusesReservedWhileOpenRequestsHoldTheRest() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 10_000);
        budgets(budget);
        var gate = gate("a");
        var open = reserved(gate, Budgets.claim("open", CENT, budget));
        assertThat(refused(gate, Budgets.claim("second", CENT, budget)).kind())
                .isEqualTo(RefusalKind.RESERVED);
        open.settle(Money.ZERO, false);
        reserved(gate, Budgets.claim("third", CENT, budget)).settle(CENT, false);
    }

    @Test
    void showsWhatTheAccountHasSpentBeforeTheFirstRequestAndWithIt() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        reserved(gate("a"), Budgets.claim("r", CENT, budget)).settle(CENT, false);
        join(gates.removeFirst().close(8_000));
        var later = gate("b");
        later.snapshotChanged(List.of(budget));
        await().untilAsserted(
                        () ->
                                assertThat(later.figures())
                                        .singleElement()
                                        .satisfies(f -> assertThat(f.spent()).isEqualTo(CENT)));
        var figures = later.figures().getFirst();
        assertThat(figures.limit()).isEqualTo(Money.parse("1"));
        assertThat(figures.resets()).isNotNull();
        var reservation = reserved(later, Budgets.claim("s", CENT, budget));
        assertThat(reservation.budgets().getFirst().remaining()).isEqualTo(Money.parse("0.98"));
        reservation.settle(CENT, false);
        assertThat(later.figures())
                .singleElement()
                .satisfies(f -> assertThat(f.spent()).isEqualTo(Money.parse("0.02")));
    }

    @Test
    void hearsWhatOthersSpendOfABudgetThatItDoesNotCharge() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        var idle = gate("idle");
        idle.snapshotChanged(List.of(budget));
        reserved(gate("busy"), Budgets.claim("r", CENT, budget)).settle(CENT, false);
        await().untilAsserted(
                        () ->
                                assertThat(idle.figures())
                                        .singleElement()
                                        .satisfies(f -> assertThat(f.spent()).isEqualTo(CENT)));
        idle.snapshotChanged(List.of());
        assertThat(idle.figures()).isEmpty();
    }

    @Test
    void settlesOnceWhoeverSettlesAgain() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        var gate = gate("a");
        var reservation = reserved(gate, Budgets.claim("r", CENT, budget));
        reservation.settle(CENT, false);
        reservation.settle(CENT, true);
        assertThat(gate.figures().getFirst().spent()).isEqualTo(CENT);
        assertThat(gate.counters().doubleSettles()).isEqualTo(1);
    }

    @Test
    void aReservationCountsUntilItIsSettledAndNoLonger() throws Exception {
        var hard = Budgets.hard("team-a/monthly", 1_000_000);
        var soft = Budgets.budget("team-a/soft", 5_000, Budgets.MONTH, Mode.SOFT);
        budgets(hard, soft);
        var gate = gate("a");
        var reservation = reserved(gate, Budgets.claim("r", CENT, hard, soft));
        assertThat(reservation.counts()).isTrue();
        assertThat(gate.openHolds()).isPositive();
        reservation.settle(CENT, false);
        assertThat(reservation.counts()).isFalse();
        assertThat(gate.openHolds()).isZero();

        var free = reserved(gate, Budgets.claim("free", Money.ZERO, hard));
        assertThat(free.counts()).isTrue();
        assertThat(gate.openHolds()).isEqualTo(1);
        free.settle(Money.ZERO, false);
        assertThat(gate.openHolds()).isZero();

        var stepped = stepped(gate, "s", hard);
        assertThat(stepped.counts()).isTrue();
        assertThat(join(stepped.extend(Money.parse("0.02"), List.of(hard)))).isTrue();
        assertThat(stepped.counts()).isTrue();
        stepped.settle(CENT, false);
        assertThat(stepped.counts()).isFalse();
    }

    @Test
    void aSteppedReservationOfWhichAStepIsSettledCountsNoMore() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        var gate = gate("a");
        var claim = Budgets.claim("r", CENT, budget);
        var first = reserved(gate, claim);
        var stepped = new SteppedReservation(gate, claim, first);
        first.settle(CENT, false);
        assertThat(stepped.counts()).isFalse();
    }

    /** As an admission that is wrong would make them. */
    @Test
    void aReservationThatIsNotLoggedOrHoldsTooLittleDoesNotCount() throws Exception {
        var hard = Budgets.hard("team-a/monthly", 1_000_000);
        var soft = Budgets.budget("team-a/soft", 1_000_000, Budgets.MONTH, Mode.SOFT);
        var gate = gate("a");
        budgets(hard, soft);
        var good = (HeldReservation) reserved(gate, Budgets.claim("r", CENT, hard, soft));
        var parts = good.parts;
        var little =
                parts.stream()
                        .map(
                                part ->
                                        new HeldReservation.Part(
                                                part.counter(),
                                                part.lease(),
                                                part.entry(),
                                                part.heldNanos() - 1))
                        .toList();
        var softPart = parts.stream().filter(part -> part.entry().mode() == Mode.SOFT).toList();
        assertThat(made(parts, 1, hard, soft).counts()).isTrue();
        assertThat(made(parts, 0, hard, soft).counts()).as("not logged").isFalse();
        assertThat(made(little, 1, hard).counts()).as("too little").isFalse();
        assertThat(made(softPart, 1, hard, soft).counts()).as("another's").isFalse();
        assertThat(made(List.of(), 1, hard).counts()).as("nothing").isFalse();
        assertThat(made(little, 1, soft).counts()).as("Soft may be short").isTrue();
        assertThat(made(List.of(), 0, soft).counts()).as("Soft, and no log").isTrue();
        assertThat(made(softPart, 0, soft).counts()).as("held, and not logged").isFalse();
        good.settle(CENT, false);
    }

    private HeldReservation made(
            List<HeldReservation.Part> parts, long intent, BudgetEntry... budgets) {
        var claim = Budgets.claim("made", CENT, budgets);
        var keeper = (LeaseKeeper) null;
        return new HeldReservation(
                claim, parts, List.of(), intent, logs.getFirst(), keeper, new LongAdder());
    }

    @Test
    void whatALeaseHoldsThoughAllIsSettledIsAnOpenHold() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        var gate = gate("a");
        var reservation = (HeldReservation) reserved(gate, Budgets.claim("r", CENT, budget));
        reservation.parts.getFirst().lease().heldNanos.addAndGet(1);
        reservation.settle(CENT, false);
        assertThat(gate.openHolds()).isEqualTo(1);
    }

    @Test
    void tellsTheLedgerOfWhatWasBilledAboveItsBoundAndKeepsTheLimitAllTheSame() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 100_000);
        budgets(budget);
        var gate = gate("a");
        reserved(gate, Budgets.claim("r", CENT, budget)).settle(Money.parse("0.025"), false);
        await().untilAsserted(
                        () -> {
                            var account = service.accounts().getFirst();
                            assertThat(account.settledMicros()).isEqualTo(10_000);
                            assertThat(account.overrunMicros()).isEqualTo(15_000);
                        });
        var figures = gate.figures().getFirst();
        assertThat(figures.boundViolations()).isEqualTo(1);
        assertThat(figures.spent()).isEqualTo(Money.parse("0.025"));
        // once it is acknowledged, 0.075 are left: seven more, and not the eighth
        var lifted = BudgetBuilder.as(budget).acknowledgedAt(Instant.now()).build();
        for (var i = 0; i < 7; i++) {
            reserved(gate, Budgets.claim("more" + i, CENT, lifted)).settle(CENT, false);
        }
        assertThat(refused(gate, Budgets.claim("last", CENT, lifted)).kind())
                .isEqualTo(RefusalKind.EXHAUSTED);
        join(gates.removeFirst().close(8_000));
        var account = service.accounts().getFirst();
        assertThat(account.settledMicros()).isEqualTo(80_000);
        assertThat(account.overrunMicros()).isEqualTo(15_000);
        assertThat(account.outstandingMicros()).isZero();
    }

    @Test
    void holdsNothingAnywhereIfOneOfSeveralBudgetsIsShort() throws Exception {
        var wide = Budgets.hard("platform/org", 1_000_000);
        var narrow = Budgets.hard("team-a/monthly", 10_000);
        budgets(wide, narrow);
        var gate = gate("a");
        var first = reserved(gate, Budgets.claim("r", CENT, wide, narrow));
        assertThat(refused(gate, Budgets.claim("s", CENT, wide, narrow)).budget())
                .isEqualTo("team-a/monthly");
        assertThat(gate.figures())
                .filteredOn(f -> f.name().equals("platform/org"))
                .singleElement()
                .satisfies(f -> assertThat(f.held()).isEqualTo(CENT));
        first.settle(CENT, false);
        assertThat(gate.figures()).allSatisfy(f -> assertThat(f.held()).isEqualTo(Money.ZERO));
    }

    @Test
    void refusesFromTheStepOnThatBlocksAndShadowOnlySaysSo() throws Exception {
        var stop = List.of(new Step("stop", 50, Step.Action.BLOCK, null, null));
        var hard = Budgets.budget("team-a/hard", 100_000, Budgets.MONTH, Mode.HARD, stop);
        var shadow = Budgets.budget("team-a/shadow", 100_000, Budgets.MONTH, Mode.SHADOW, stop);
        budgets(hard, shadow);
        var gate = gate("a");
        for (var i = 0; i < 5; i++) {
            reserved(gate, Budgets.claim("r" + i, CENT, hard)).settle(CENT, false);
            reserved(gate, Budgets.claim("s" + i, CENT, shadow)).settle(CENT, false);
        }
        assertThat(gate.spent(hard, "team-a")).isEqualTo(CENT.times(5));
        var refusal = refused(gate, Budgets.claim("one-more", CENT, hard));
        assertThat(refusal.kind()).isEqualTo(RefusalKind.EXHAUSTED);
        assertThat(refusal.message()).contains("team-a/hard", "stop", "50 %", "resets at");
        assertThat(reserved(gate, Budgets.claim("free", Money.ZERO, hard)).held())
                .as("what costs nothing is served")
                .isEqualTo(Money.ZERO);
        assertThat(reserved(gate, Budgets.claim("told", CENT, shadow)).wouldRefuse())
                .containsExactly(
                        new WouldRefuse("team-a/shadow", RefusalKind.EXHAUSTED, Money.ZERO));
    }

    @Test
    void softCountsWhatTheWholeFleetHasSpent() throws Exception {
        var soft = Budgets.budget("team-a/soft", 50_000, Budgets.MONTH, Mode.SOFT);
        budgets(soft);
        var one = gate("a");
        var other = gate("b");
        for (var i = 0; i < 5; i++) {
            reserved(one, Budgets.claim("r" + i, CENT, soft)).settle(CENT, false);
        }
        await().atMost(Duration.ofSeconds(20))
                .until(() -> other.spent(soft, "team-a").equals(CENT.times(5)));
        assertThat(refused(other, Budgets.claim("late", CENT, soft)).kind())
                .isEqualTo(RefusalKind.EXHAUSTED);
    }

    @Test
    void aResetGivesTheWholeAmountAgain() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 20_000);
        budgets(budget);
        var gate = gate("a");
        reserved(gate, Budgets.claim("1", CENT.times(2), budget)).settle(CENT.times(2), false);
        assertThat(refused(gate, Budgets.claim("2", CENT, budget)).kind())
                .isEqualTo(RefusalKind.EXHAUSTED);
        var reset = Budgets.reset(budget, Instant.now().minusSeconds(1));
        ledger.budgetsChanged(List.of(reset));
        await().atMost(Duration.ofSeconds(10))
                .until(() -> gate.spent(reset, "team-a").equals(Money.ZERO));
        reserved(gate, Budgets.claim("3", CENT.times(2), reset)).settle(CENT.times(2), false);
        assertThat(refused(gate, Budgets.claim("4", CENT, reset)).kind())
                .isEqualTo(RefusalKind.EXHAUSTED);
    }

    @Test
    void softAdmitsUntilSettledReachesTheLimitAndShadowNeverRefuses() throws Exception {
        var soft = Budgets.budget("team-a/soft", 20_000, Budgets.MONTH, Mode.SOFT);
        var shadow = Budgets.budget("team-a/shadow", 20_000, Budgets.MONTH, Mode.SHADOW);
        budgets(soft, shadow);
        var gate = gate("a");
        var open = new ArrayList<Reservation>();
        for (var i = 0; i < 5; i++) {
            open.add(reserved(gate, Budgets.claim("r" + i, CENT, soft, shadow)));
        }
        open.forEach(reservation -> reservation.settle(CENT, false));
        assertThat(refused(gate, Budgets.claim("s", CENT, soft)).kind())
                .isEqualTo(RefusalKind.EXHAUSTED);
        var would = reserved(gate, Budgets.claim("t", CENT, shadow));
        assertThat(would.wouldRefuse())
                .extracting(WouldRefuse::budget)
                .containsExactly("team-a/shadow");
        would.settle(CENT, false);
    }

    @Test
    void aShadowJudgesWhatItWouldHoldWereItHard() throws Exception {
        var shadow = Budgets.budget("team-a/shadow", 20_000, Budgets.MONTH, Mode.SHADOW);
        budgets(shadow);
        var gate = gate("a");
        var key = shadow.key();
        reserved(gate, Budgets.claim("1", CENT, shadow)).settle(CENT, false);
        assertThat(reserved(gate, Budgets.claim("2", CENT, shadow)).wouldRefuse())
                .as("what is left is enough")
                .isEmpty();
        var two = Budgets.claim("3", CENT.times(2), shadow);
        assertThat(reserved(gate, two).wouldRefuse())
                .singleElement()
                .extracting(WouldRefuse::budget)
                .isEqualTo(key);
        assertThat(reserved(gate, two.asHard(Map.of(key, Money.ZERO))).wouldRefuse())
                .as("it would not have been asked")
                .isEmpty();
        assertThat(
                        reserved(
                                        gate,
                                        Budgets.claim("4", Money.ZERO, shadow)
                                                .asHard(Map.of(key, CENT.times(2))))
                                .wouldRefuse())
                .as("a claim that holds nothing of it")
                .hasSize(1);
    }

    @Test
    void aShadowIsChargedWhatNothingBoundsAndHoldsNothingForIt() throws Exception {
        var shadow = Budgets.budget("team-a/shadow", 20_000, Budgets.MONTH, Mode.SHADOW);
        budgets(shadow);
        var gate = gate("a");
        reserved(gate, Budgets.claim("free", Money.ZERO, shadow)).settle(Money.ZERO, false);
        assertThat(gate.figures()).as("of what costs nothing").isEmpty();
        var free = Budgets.claim("open", Money.ZERO, shadow);
        var open =
                new Claim(
                        free.request(),
                        free.attempt(),
                        free.budgets(),
                        free.most(),
                        false,
                        free.scope());
        var reservation = reserved(gate, open);
        assertThat(gate.figures().getFirst().held()).isEqualTo(Money.ZERO);
        reservation.settle(CENT.times(3), true);
        assertThat(gate.spent(shadow, "team-a")).isEqualTo(CENT.times(3));
        assertThat(gate.figures().getFirst().boundViolations()).isZero();
        reserved(gate, open).settle(CENT, true);
        join(gates.removeFirst().close(8_000));
        var account = service.accounts().getFirst();
        assertThat(account.settledMicros() + account.overrunMicros()).isEqualTo(40_000);
        assertThat(account.outstandingMicros()).isZero();
    }

    @Test
    void aShadowSaysHowMuchIsLeftAndWhetherOpenRequestsHoldTheRest() throws Exception {
        var shadow = Budgets.budget("team-a/shadow", 40_000, Budgets.MONTH, Mode.SHADOW);
        budgets(shadow);
        var gate = gate("a");
        reserved(gate, Budgets.claim("1", CENT, shadow)).settle(CENT, false);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> gate.figures().getFirst().free().nanos() >= CENT.nanos());
        var open = reserved(gate, Budgets.claim("2", CENT, shadow));
        assertThat(reserved(gate, Budgets.claim("3", CENT.times(3), shadow)).wouldRefuse())
                .containsExactly(
                        new WouldRefuse(shadow.key(), RefusalKind.RESERVED, CENT.times(2)));
        open.settle(CENT, false);
    }

    @Test
    void neverExceedsTheLimitWhenTwoGatesTakeTenThousandAtOnce() throws Exception {
        var seed = System.nanoTime();
        var limit = 1_000_000L; // worth 100 of the requests at their bound
        var budget = Budgets.hard("team-a/monthly", limit);
        budgets(budget);
        var both = List.of(gate("a"), gate("b"));
        var billed = new AtomicLong();
        var kinds = new ConcurrentLinkedQueue<RefusalKind>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var i = 0; i < 10_000; i++) {
                var id = i;
                threads.submit(
                        () -> {
                            var random = new Random(seed + id);
                            var gate = both.get(id % 2);
                            switch (join(gate.reserve(Budgets.claim("r" + id, CENT, budget)))) {
                                case Reserved(var reservation) -> {
                                    var cost = new Money(random.nextLong(CENT.nanos() + 1));
                                    billed.addAndGet(cost.nanos());
                                    Thread.yield();
                                    reservation.settle(cost, false);
                                }
                                case Refused refusal -> kinds.add(refusal.kind());
                            }
                        });
            }
        }
        System.out.println("seed " + seed + " billed " + billed + " refused " + kinds.size());
        assertThat(billed.get()).as("seed %d", seed).isLessThanOrEqualTo(limit * 1_000);
        assertThat(kinds).doesNotContain(RefusalKind.LEDGER_UNAVAILABLE);
        // what is left may be too little for one more request, and for nothing else
        assertThat(limit * 1_000 - billed.get())
                .as("unused, seed %d", seed)
                .isLessThan(2 * CENT.nanos());
        while (!gates.isEmpty()) {
            join(gates.removeFirst().close(8_000));
        }
        var account = service.accounts().getFirst();
        assertThat(account.leases()).isEmpty();
        assertThat(account.settledMicros())
                .isBetween(billed.get() / 1_000, billed.get() / 1_000 + 3);
    }

    @Test
    void spendsItsSliceAndThenRefusesWhileTheLedgerIsDown() throws Exception {
        var budget = Budgets.hard("team-a/monthly", 1_000_000);
        budgets(budget);
        var gate = gate("a", GateSettings.of("a"));
        reserved(gate, Budgets.claim("first", CENT, budget)).settle(CENT, false);
        await().until(() -> gate.figures().getFirst().free().nanos() >= 2 * CENT.nanos());
        store.down = true;
        var free = gate.figures().getFirst().free().nanos() / CENT.nanos();
        for (var i = 0; i < free; i++) {
            reserved(gate, Budgets.claim("r" + i, CENT, budget)).settle(CENT, false);
        }
        assertThat(refused(gate, Budgets.claim("more", CENT, budget)).kind())
                .isEqualTo(RefusalKind.LEDGER_UNAVAILABLE);
        store.down = false;
        await().atMost(Duration.ofSeconds(10))
                .until(
                        () ->
                                join(gate.reserve(Budgets.claim("again", CENT, budget)))
                                        instanceof Reserved);
    }

    @Test
    void usesNinetyNinePercentBeforeTheFirstRefusalWithFiveProxies() throws Exception {
        var seed = System.nanoTime();
        var random = new Random(seed);
        var limit = 10_000_000L;
        var budget = Budgets.hard("team-a/monthly", limit);
        budgets(budget);
        var five = new ArrayList<BudgetGate>();
        for (var i = 0; i < 5; i++) {
            five.add(gate("p" + i));
        }
        var bound = Money.ofMicros(limit / 1_000);
        var spent = 0L;
        Refused refusal = null;
        for (var i = 0; refusal == null; i++) {
            var gate = five.get(random.nextInt(5));
            switch (join(gate.reserve(Budgets.claim("r" + i, bound, budget)))) {
                case Reserved(var reservation) -> {
                    var cost = new Money(random.nextLong(bound.nanos() + 1));
                    spent += cost.nanos();
                    reservation.settle(cost, false);
                }
                case Refused no -> refusal = no;
            }
        }
        System.out.println(
                "seed "
                        + seed
                        + " spent "
                        + spent
                        + " calls "
                        + five.stream().mapToLong(g -> g.counters().ledgerCalls()).sum());
        assertThat(spent).as("seed %d: %s", seed, refusal).isGreaterThan(limit * 990);
        assertThat(spent).isLessThanOrEqualTo(limit * 1_000);
        assertThat(limit * 1_000 - spent).as("phantom, seed %d", seed).isLessThan(bound.nanos());
    }

    private static BudgetEntry monthly(Mode mode) {
        return Budgets.budget("team-a/changed", 100_000, Budgets.MONTH, mode);
    }

    /** The same Budget by the week, with weeks that do not begin when this month did. */
    private static BudgetEntry weekly(Mode mode) {
        var first = LocalDate.now(ZoneOffset.UTC).withDayOfMonth(1).getDayOfWeek();
        var week = new Period(Period.Type.WEEK, "UTC", first.plus(1).getValue());
        return Budgets.budget("team-a/changed", 100_000, week, mode);
    }

    private Account account(BudgetEntry budget) {
        var window = Window.of(Objects.requireNonNull(budget.period()), Instant.now());
        var key = AccountKey.of(budget.key(), "", window);
        return service.accounts().stream()
                .filter(account -> account.key().equals(key))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no account of " + key));
    }

    @ParameterizedTest
    @EnumSource(names = {"HARD", "SOFT"})
    void goesOnWithTheAccountOfAPeriodThatComesBack(Mode mode) throws Exception {
        var month = monthly(mode);
        var week = weekly(mode);
        budgets(month);
        var gate = gate("a");
        var open = reserved(gate, Budgets.claim("open", CENT, month));
        reserved(gate, Budgets.claim("m1", CENT, month)).settle(CENT, false);
        budgets(week);
        reserved(gate, Budgets.claim("w1", CENT, week)).settle(CENT, false);
        open.settle(Money.parse("0.004"), false);
        await().untilAsserted(
                        () -> {
                            assertThat(account(month).spentMicros()).isEqualTo(14_000);
                            assertThat(account(month).outstandingMicros()).isZero();
                        });
        budgets(month);
        for (var i = 2; i < 5; i++) {
            reserved(gate, Budgets.claim("m" + i, CENT, month)).settle(CENT, false);
        }
        assertThat(gate.spent(month, "team-a")).isEqualTo(Money.parse("0.044"));
        await().untilAsserted(() -> assertThat(account(month).spentMicros()).isEqualTo(44_000));
        join(gates.removeFirst().close(8_000));
        assertThat(account(month).spentMicros()).isEqualTo(44_000);
        assertThat(account(week).spentMicros()).isEqualTo(10_000);
        assertThat(service.accounts())
                .allSatisfy(account -> assertThat(account.leases()).isEmpty());
    }

    @Test
    void whoStillKnowsTheOldPeriodTakesNothingFromTheNewOne() throws Exception {
        var month = monthly(Mode.HARD);
        var week = weekly(Mode.HARD);
        budgets(month);
        var gate = gate("a");
        reserved(gate, Budgets.claim("m1", CENT, month)).settle(CENT, false);
        budgets(week);
        reserved(gate, Budgets.claim("w1", CENT, week)).settle(CENT, false);
        var late = join(gate.reserve(Budgets.claim("late", CENT, month)));
        var lateMicros = 0;
        if (late instanceof Reserved(var reservation)) { // of what was granted of the month
            reservation.settle(CENT, false);
            lateMicros = 10_000;
        }
        var monthMicros = 10_000 + lateMicros;
        reserved(gate, Budgets.claim("w2", CENT, week)).settle(CENT, false);
        await().untilAsserted(() -> assertThat(account(week).settledMicros()).isEqualTo(20_000));
        await().untilAsserted(
                        () -> assertThat(account(month).spentMicros()).isEqualTo(monthMicros));
    }

    @ParameterizedTest
    @EnumSource(names = {"HARD", "SOFT"})
    void goesOnWithTheAccountOfABudgetThatIsDeletedAndCreatedAgain(Mode mode) throws Exception {
        var month = monthly(mode);
        budgets(month);
        var gate = gate("a");
        gate.snapshotChanged(List.of(month));
        reserved(gate, Budgets.claim("m1", CENT, month)).settle(CENT, false);
        await().untilAsserted(() -> assertThat(account(month).spentMicros()).isEqualTo(10_000));
        budgets();
        gate.snapshotChanged(List.of());
        await().untilAsserted(() -> assertThat(account(month).outstandingMicros()).isZero());
        budgets(month);
        gate.snapshotChanged(List.of(month));
        reserved(gate, Budgets.claim("m2", CENT, month)).settle(CENT, false);
        await().untilAsserted(() -> assertThat(account(month).spentMicros()).isEqualTo(20_000));
    }
}
