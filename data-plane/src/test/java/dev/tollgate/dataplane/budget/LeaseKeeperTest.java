package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.wal.LogRecord;
import dev.tollgate.dataplane.wal.SimulatedDisk;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.DeniedReason;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a keeper says to a ledger that answers late, unclearly or not at all; by its own clock. */
class LeaseKeeperTest {

    /** Until the Close of a window that is over is said again. */
    private static final int SAID_AGAIN_MILLIS = 31_000;

    private static final Instant START = Instant.parse("2026-11-21T09:59:30Z");
    private static final Period HOUR = new Period(Period.Type.HOUR, "UTC", 1);
    private static final BudgetEntry BUDGET =
            Budgets.budget("team-a/hourly", 1_000_000, HOUR, Mode.HARD);

    private static final BudgetEntry SOFT =
            Budgets.budget("team-a/hourly", 1_000_000, HOUR, Mode.SOFT);

    /** The same Budget, of another period. */
    private static final BudgetEntry DAILY =
            Budgets.budget(
                    "team-a/hourly", 1_000_000, new Period(Period.Type.DAY, "UTC", 1), Mode.HARD);

    private static final AccountKey NINE = hour("2026-11-21T09:00:00Z");
    private static final AccountKey TEN = hour("2026-11-21T10:00:00Z");
    private static final AccountKey TODAY = day("2026-11-21T00:00:00Z");
    private static final Money CENT = Money.parse("0.01");

    private final Agenda agenda = new Agenda();
    private final Agenda.Life life = new Agenda.Life();
    private final List<LedgerCommand> said = new ArrayList<>();
    private Arena arena;
    private Wal wal;
    private LeaseKeeper keeper;
    private Admitter admitter;
    private LeasedBudgetGate gate;
    private LedgerLink.Listener ledger;
    private TimeSource clock;
    private Duration ahead = Duration.ZERO;
    private int calls;

    /** What a request's thread does while the keeper reads the clock, writes, or sends. */
    private Runnable meanwhile = () -> {};

    private static AccountKey hour(String start) {
        return account(start, Duration.ofHours(1));
    }

    private static AccountKey day(String start) {
        return account(start, Duration.ofDays(1));
    }

    private static AccountKey account(String start, Duration length) {
        var from = Instant.parse(start);
        return AccountKey.of("team-a/hourly", "", new Window(from, from.plus(length)));
    }

    @BeforeEach
    void open() throws Exception {
        arena = Arena.ofConfined();
        var random = new SplittableRandom(1);
        var disk = new SimulatedDisk("log-1", arena, random);
        wal =
                disk.open(
                        (delay, task) -> {
                            meanwhile.run();
                            agenda.at(agenda.now() + delay, life, task);
                        });
        clock =
                new TimeSource() {
                    @Override
                    public long nanos() {
                        meanwhile.run();
                        return agenda.now();
                    }

                    @Override
                    public Instant now() {
                        return START.plusNanos(agenda.now()).plus(ahead);
                    }
                };
        var link =
                new LedgerLink() {
                    @Override
                    public void start(Listener listener) {
                        ledger = listener;
                    }

                    @Override
                    public void send(LedgerCommand command) {
                        meanwhile.run();
                        said.add(command);
                    }

                    @Override
                    public State state() {
                        return new State.Connected();
                    }

                    @Override
                    public void close() {
                        // nothing is open
                    }
                };
        var settings = GateSettings.of("pod-1");
        var thread = new SimulatedThread(agenda, life, random);
        keeper = new LeaseKeeper(wal, link, settings, clock, BoundViolations.unkept(), thread);
        admitter = new Admitter(wal, keeper, clock);
        gate = new LeasedBudgetGate(wal, keeper, admitter, settings, clock);
        keeper.start(admitter);
        gate.snapshotChanged(List.of(BUDGET));
        ledger.connected();
        run(100);
        answer(new LedgerEffect.Registered(wal.holder(), true, ""));
    }

    @AfterEach
    void close() {
        life.end();
        arena.close();
    }

    private void run(long millis) {
        agenda.runUntil(agenda.now() + millis * 1_000_000);
    }

    private void answer(LedgerEffect effect) {
        ledger.effect(effect);
        run(100);
    }

    /** Somebody wants a cent; what is said for it. */
    private List<LedgerCommand> call() {
        said.clear();
        call(BUDGET);
        return List.copyOf(said);
    }

    private void call(BudgetEntry budget) {
        gate.reserve(Budgets.claim("call-" + calls++, CENT, budget));
        run(100);
    }

    private void deny(long request, AccountKey account, DeniedReason reason) {
        answer(
                new LedgerEffect.Denied(
                        wal.holder(), request, account, reason, Duration.ofSeconds(1), 0));
    }

    private void grant(long request, AccountKey account, long micros) {
        answer(
                new LedgerEffect.Grant(
                        wal.holder(),
                        request,
                        account,
                        micros,
                        1,
                        1,
                        Duration.ofSeconds(20),
                        false));
    }

    private long reports() {
        return said.stream().filter(LedgerCommand.Report.class::isInstance).count();
    }

    private List<LedgerCommand.Close> closes() {
        return said.stream()
                .filter(LedgerCommand.Close.class::isInstance)
                .map(LedgerCommand.Close.class::cast)
                .toList();
    }

    @Test
    void tellsItsTotalsBeforeItAsksForWhatSomebodyWaitsFor() {
        assertThat(call())
                .hasExactlyElementsOfTypes(LedgerCommand.Report.class, LedgerCommand.Acquire.class);
    }

    private void freeze(AccountKey account, boolean frozen) {
        answer(new LedgerEffect.Freeze(wal.holder(), account, frozen));
    }

    private boolean asksForMoney() {
        return call().stream().anyMatch(LedgerCommand.Acquire.class::isInstance);
    }

    @Test
    void asksForNothingOfAFrozenAccountUntilAnotherLedgerAnswers() {
        call();
        deny(lastAcquire().request(), NINE, DeniedReason.FROZEN);
        freeze(NINE, true);
        deny(lastAcquire().request(), NINE, DeniedReason.FROZEN);
        assertThat(asksForMoney()).isFalse();
        assertThat(gate.figures()).allMatch(BudgetFigures::frozen);
        ledger.disconnected("its leader is gone");
        run(100);
        ledger.connected();
        run(100);
        answer(new LedgerEffect.Registered(wal.holder(), true, ""));
        assertThat(gate.figures()).noneMatch(BudgetFigures::frozen);
    }

    @Test
    void aFrozenWindowSaysNothingOfTheNextOne() {
        call();
        freeze(NINE, true);
        assertThat(gate.figures()).allMatch(BudgetFigures::frozen);
        run(31_000); // into the next hour
        call();
        assertThat(gate.figures()).noneMatch(BudgetFigures::frozen);
        freeze(NINE, false);
        freeze(TEN, true);
        freeze(NINE, false);
        assertThat(gate.figures()).allMatch(BudgetFigures::frozen);
    }

    private Admission.RefusalKind refused() {
        said.clear();
        var answer = gate.reserve(Budgets.claim("call-" + calls++, CENT, BUDGET));
        run(100);
        assertThat(said).noneMatch(LedgerCommand.Acquire.class::isInstance);
        assertThat(answer.result()).isInstanceOf(Admission.Refused.class);
        return ((Admission.Refused) answer.result()).kind();
    }

    @Test
    void aFreezeHoldsForALeaseThatBeginsAfterIt() {
        freeze(NINE, true);
        assertThat(refused()).isEqualTo(Admission.RefusalKind.FROZEN);
        assertThat(gate.figures()).hasSize(1).allMatch(BudgetFigures::frozen);
        freeze(NINE, false);
        assertThat(asksForMoney()).isTrue();
        assertThat(gate.figures()).noneMatch(BudgetFigures::frozen);
    }

    @Test
    void aFreezeOfTheNextWindowHoldsOnceItIsEntered() {
        assertThat(asksForMoney()).isTrue();
        grant(lastAcquire().request(), NINE, 10_000);
        freeze(TEN, true);
        assertThat(gate.figures()).noneMatch(BudgetFigures::frozen);
        run(31_000); // into the next hour
        assertThat(refused()).isEqualTo(Admission.RefusalKind.FROZEN);
        freeze(TEN, false);
        assertThat(asksForMoney()).isTrue();
    }

    @Test
    void aFreezeOfAllHoldsForALeaseThatBeginsAfterItUntilAnotherLedgerAnswers() {
        freeze(null, true);
        assertThat(refused()).isEqualTo(Admission.RefusalKind.FROZEN);
        answer(new LedgerEffect.Registered(wal.holder(), true, ""));
        assertThat(asksForMoney()).isTrue();
    }

    // what is told

    private void hear(long settledMicros, long elsewhereMicros) {
        answer(
                new LedgerEffect.State(
                        wal.holder(),
                        NINE,
                        1_000_000,
                        settledMicros,
                        0,
                        Duration.ofSeconds(20),
                        false,
                        elsewhereMicros));
    }

    @Test
    void theLedgerThatCountsMoreOfALeaseThanItsLogHasIsFound() {
        held(BUDGET).settle(Money.parse("0.004"), false);
        hear(7_000, 7_000);
        hear(11_000, 7_000);
        assertThat(gate.counters().wrongTotals()).isZero();
        hear(11_001, 7_000);
        assertThat(gate.counters().wrongTotals()).isEqualTo(1);
    }

    @Test
    void aLeaseIsToldAndClosedWithWhatWasSettledOfIt() {
        for (var i = 0; i < 3; i++) {
            held(BUDGET).settle(Money.parse("0.000000001"), false);
        }
        run(31_000); // its window is over
        assertThat(closes()).hasSizeGreaterThan(0);
        assertThat(reports()).isPositive();
        assertThat(gate.counters().wrongTotals()).isZero();
    }

    @Test
    void aSettlementThatIsNotInTheLogIsFoundWhenItsLeaseIsToldAndAgainWhenItIsClosed() {
        var held = (HeldReservation) held(BUDGET);
        held.settle(Money.parse("0.004"), false);
        held.parts.getFirst().lease().spentNanos.addAndGet(1); // what no record says
        run(12_000);
        assertThat(reports()).isPositive();
        var wrong = gate.counters().wrongTotals();
        assertThat(wrong).isPositive();
        run(20_000); // its window is over
        assertThat(closes()).hasSizeGreaterThan(0);
        assertThat(gate.counters().wrongTotals()).isGreaterThan(wrong);
    }

    @Test
    void aSettlementThatNoRequestMadeIsFoundWhenItsLeaseIsClosed() {
        var held = (HeldReservation) held(BUDGET);
        held.settle(Money.parse("0.004"), false);
        held.parts.getFirst().lease().spentNanos.addAndGet(-2_000);
        run(12_000);
        assertThat(gate.counters().wrongTotals()).as("it may be in use").isZero();
        run(20_000); // its window is over
        assertThat(closes()).hasSizeGreaterThan(0);
        assertThat(gate.counters().wrongTotals()).isEqualTo(1);
    }

    @Test
    void whatIsAssumedAboveTheMostThatAnAttemptCanCostIsFound() {
        var held = held(BUDGET);
        assertThat(held.charged()).isEqualTo(Money.ZERO);
        held.settle(CENT, true);
        assertThat(held.charged()).isEqualTo(CENT);
        held(BUDGET).settle(CENT.plus(new Money(1)), false);
        assertThat(gate.counters().wrongCharges()).as("it has an alarm of its own").isZero();
        assertThat(gate.figures()).extracting(BudgetFigures::boundViolations).containsExactly(1L);
        keeper.violations.budgets(
                List.of(BudgetBuilder.as(BUDGET).acknowledgedAt(START.plusSeconds(60)).build()));
        held(SOFT).settle(CENT.plus(new Money(1)), true);
        assertThat(gate.counters().wrongCharges()).isEqualTo(1);
    }

    // Budgets that are gone

    private Reservation held(BudgetEntry budget) {
        var answer = gate.reserve(Budgets.claim("call-" + calls++, CENT, budget));
        run(100);
        if (answer.result() == null) {
            grant(lastAcquire().request(), lastAcquire().account(), 50_000);
        }
        return ((Admission.Reserved) answer.result()).reservation();
    }

    @Test
    void aBudgetThatIsGoneIsShownUntilAllOfItIsSettledAndTold() {
        var held = held(BUDGET);
        gate.snapshotChanged(List.of());
        run(3_000);
        assertThat(gate.figures()).as("held").hasSize(1);
        ledger.disconnected("for a while");
        run(100);
        held.settle(Money.parse("0.004"), false);
        run(3_000);
        assertThat(gate.figures()).as("not told").hasSize(1);
        ledger.connected();
        run(100);
        answer(new LedgerEffect.Registered(wal.holder(), true, ""));
        run(3_000);
        var totals = wal.totals(NINE.toString(), wal.holder().bootEpoch());
        assertThat(totals).isNotNull();
        assertThat(totals.settledMicros()).isEqualTo(4_000);
        assertThat(totals.returnedMicros()).isEqualTo(46_000);
        assertThat(gate.figures()).isEmpty();
        gate.snapshotChanged(List.of(BUDGET));
        assertThat(gate.figures())
                .as("made again, it goes on")
                .extracting(BudgetFigures::spent)
                .containsExactly(Money.parse("0.004"));
    }

    @Test
    void aBudgetThatIsGoneIsForgottenOnceTheLedgerHasItsFinalTotals() {
        held(BUDGET).settle(CENT, false);
        gate.snapshotChanged(List.of());
        run(31_000); // its window is over
        assertThat(closes()).extracting(c -> c.totals().account()).contains(NINE);
        run(200_000);
        assertThat(gate.figures()).as("no answer").hasSize(1);
        assertThat(admitter.counters()).hasSize(1);
        answer(new LedgerEffect.Closed(wal.holder(), NINE, wal.holder().bootEpoch()));
        assertThat(gate.figures()).isEmpty();
        run(50_000);
        assertThat(admitter.counters()).hasSize(1);
        run(12_000);
        assertThat(admitter.counters()).isEmpty();
        assertThat(wal.totals()).isEmpty();
        assertThat(asksForMoney()).as("of a request that came before").isTrue();
        assertThat(admitter.counters()).hasSize(1);
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void aBudgetThatIsGoneAndNeverHadMoneyLeavesNothing() {
        call();
        deny(1, NINE, DeniedReason.EXHAUSTED);
        gate.snapshotChanged(List.of());
        run(50_000); // in the middle of it begins another window
        assertThat(admitter.counters()).hasSize(1);
        run(50_000);
        assertThat(admitter.counters()).isEmpty();
        assertThat(wal.totals()).isEmpty();
    }

    @Test
    void aBudgetThatIsThereOrComesAgainIsNotForgotten() {
        call();
        deny(1, NINE, DeniedReason.EXHAUSTED);
        run(200_000);
        assertThat(admitter.counters()).hasSize(1);
        gate.snapshotChanged(List.of());
        run(50_000);
        gate.snapshotChanged(List.of(BUDGET));
        run(50_000);
        gate.snapshotChanged(List.of());
        run(50_000);
        assertThat(admitter.counters()).hasSize(1);
    }

    @Test
    void whatWasSpentWithoutALeaseIsNotForgotten() {
        var daily =
                Budgets.budget(
                        "team-a/hourly",
                        1_000_000,
                        new Period(Period.Type.DAY, "UTC", 1),
                        Mode.SOFT);
        gate.snapshotChanged(List.of(daily));
        held(daily).settle(CENT, false);
        deny(lastAcquire().request(), TODAY, DeniedReason.EXHAUSTED);
        gate.snapshotChanged(List.of());
        run(200_000);
        assertThat(gate.figures()).as("it is told").isEmpty();
        assertThat(admitter.counters()).hasSize(1);
        var totals = wal.totals(TODAY.toString(), wal.holder().bootEpoch());
        assertThat(totals).isNotNull();
        assertThat(totals.overrunMicros()).isEqualTo(10_000);
        gate.snapshotChanged(List.of(daily));
        assertThat(gate.figures()).extracting(BudgetFigures::spent).containsExactly(CENT);
    }

    @Test
    void whoWaitsForABudgetThatIsForgottenWaitsForTheOneThatStandsForIt() {
        call();
        deny(1, NINE, DeniedReason.EXHAUSTED);
        var counter = admitter.counters().iterator().next();
        gate.snapshotChanged(List.of());
        run(100_000);
        assertThat(admitter.counters()).isEmpty();
        said.clear();
        var answer = Promise.<Admission>promise();
        var claim = Budgets.claim("late", CENT, BUDGET);
        var until = agenda.now() + 1_000_000_000L;
        assertThat(keeper.enqueue(counter, new Waiter(claim, answer, null, until))).isTrue();
        run(100);
        assertThat(counter.waiting.get()).isZero();
        grant(lastAcquire().request(), lastAcquire().account(), 50_000);
        assertThat(answer.future().result()).isInstanceOf(Admission.Reserved.class);
    }

    private void callOf(Money bound) {
        gate.reserve(Budgets.claim("call-" + calls++, bound, BUDGET).withLeast(() -> bound));
        run(100);
    }

    private LedgerCommand.Acquire lastAcquire() {
        return said.stream()
                .filter(LedgerCommand.Acquire.class::isInstance)
                .map(LedgerCommand.Acquire.class::cast)
                .reduce((a, b) -> b)
                .orElseThrow();
    }

    @Test
    void tellsAllThatTheFirstWhoWaitsNeedsAndNotOnlyWhatIsShort() {
        callOf(CENT);
        assertThat(lastAcquire().neededMicros()).isEqualTo(10_000);
        grant(1, NINE, 16_000);
        callOf(CENT);
        callOf(Money.parse("0.03"));
        assertThat(lastAcquire().amountMicros()).isEqualTo(4_000);
        assertThat(lastAcquire().neededMicros()).isEqualTo(10_000);
        run(100);
        deny(lastAcquire().request(), NINE, DeniedReason.RESERVED);
        assertThat(lastAcquire().amountMicros()).isEqualTo(4_000);
        assertThat(lastAcquire().neededMicros()).isEqualTo(10_000);
    }

    @Test
    void tellsOfManyWhoWaitWhatTheFirstNeeds() {
        ledger.disconnected("for a while");
        run(100);
        callOf(CENT);
        callOf(Money.parse("0.03"));
        ledger.connected();
        run(100);
        answer(new LedgerEffect.Registered(wal.holder(), true, ""));
        assertThat(lastAcquire().amountMicros()).isEqualTo(40_000);
        assertThat(lastAcquire().neededMicros()).isEqualTo(10_000);
    }

    @Test
    void needsNothingForARefill() {
        callOf(CENT);
        grant(1, NINE, 10_000);
        assertThat(lastAcquire().amountMicros()).isZero();
        assertThat(lastAcquire().wantedMicros()).isPositive();
        assertThat(lastAcquire().neededMicros()).isZero();
    }

    // Bursts, and requests of several Budgets

    private List<LedgerCommand.Acquire> asked() {
        return said.stream()
                .filter(LedgerCommand.Acquire.class::isInstance)
                .map(LedgerCommand.Acquire.class::cast)
                .toList();
    }

    private Future<Admission> callOf(BudgetEntry... budgets) {
        var answer = gate.reserve(Budgets.claim("call-" + calls++, CENT, budgets));
        run(1);
        return answer;
    }

    @Test
    void asksForABurstBeforeItsFirstRequestIsAnswered() {
        var answers = new ArrayList<Future<Admission>>();
        for (int i = 0; i < 4; i++) {
            answers.add(callOf(BUDGET));
        }
        assertThat(asked()).as("what is asked for is enough for four").hasSize(1);
        for (int i = 0; i < 4; i++) {
            answers.add(callOf(BUDGET));
        }
        assertThat(asked()).hasSize(2);
        assertThat(asked().getLast().amountMicros()).isEqualTo(50_000);
        assertThat(asked().getLast().wantedMicros()).isGreaterThanOrEqualTo(80_000);
        // the ledger had not begun with the first one
        grant(asked().getLast().request(), NINE, 80_000);
        assertThat(answers)
                .allSatisfy(a -> assertThat(a.result()).isInstanceOf(Admission.Reserved.class));
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void aBurstTakesTheAnswerToItsFirstRequestTooAndAsksAFewTimesHoweverManyCome() {
        var answers = new ArrayList<Future<Admission>>();
        for (int i = 0; i < 200; i++) {
            answers.add(callOf(BUDGET));
        }
        assertThat(asked()).hasSizeBetween(2, 4);
        grant(1, NINE, 40_000);
        assertThat(answers.stream().filter(a -> a.result() != null)).hasSize(4);
        assertThat(asked()).hasSizeBetween(2, 4);
        grant(asked().getLast().request(), NINE, 900_000);
        assertThat(answers.stream().filter(a -> a.result() instanceof Admission.Reserved))
                .hasSizeGreaterThan(80);
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void asksForAllBudgetsOfARequestAtTheSameTime() {
        var other = Budgets.budget("team-a/other", 1_000_000, HOUR, Mode.HARD);
        gate.snapshotChanged(List.of(BUDGET, other));
        var answer = callOf(other, BUDGET);
        assertThat(asked())
                .extracting(acquire -> acquire.account().budget())
                .containsExactlyInAnyOrder("team-a/hourly", "team-a/other");
        for (var acquire : asked()) {
            assertThat(acquire.wantedMicros()).isGreaterThanOrEqualTo(10_000);
            grant(acquire.request(), acquire.account(), acquire.wantedMicros());
        }
        assertThat(asked()).hasSize(2);
        assertThat(answer.result()).isInstanceOf(Admission.Reserved.class);
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void whatARefillIsNotGivenOfOthersRestIsRefusedToNobodyBeforeItIsRecalled() {
        var other = Budgets.budget("team-a/other", 1_000_000, HOUR, Mode.HARD);
        gate.snapshotChanged(List.of(BUDGET, other));
        var answer = callOf(other, BUDGET);
        var refill = asked().getFirst();
        assertThat(refill.account().budget()).isEqualTo("team-a/other");
        assertThat(refill.amountMicros()).isZero();
        deny(refill.request(), refill.account(), DeniedReason.RESERVED);
        grant(lastAcquire().request(), NINE, 40_000);
        assertThat(answer.result()).as("the ledger is asked first").isNull();
        var last = lastAcquire();
        assertThat(last.account().budget()).isEqualTo("team-a/other");
        assertThat(last.amountMicros()).isEqualTo(10_000);
        grant(last.request(), last.account(), 10_000);
        assertThat(answer.result()).isInstanceOf(Admission.Reserved.class);
    }

    @Test
    void tellsItsTotalsForTenSecondsAfterAnAnswerThatIsNotClear() {
        call();
        said.clear();
        deny(1, NINE, DeniedReason.UNAVAILABLE);
        run(5_000);
        assertThat(reports()).isBetween(4L, 6L);
        run(6_000);
        said.clear();
        run(5_000);
        assertThat(reports()).isZero();
    }

    @Test
    void tellsItsTotalsAfterARecallAlsoIfThereIsNothingToReturn() {
        call();
        grant(1, NINE, 10_000);
        said.clear();
        answer(new LedgerEffect.Recall(wal.holder(), NINE));
        assertThat(said).hasExactlyElementsOfTypes(LedgerCommand.Report.class);
    }

    /** Its first answer was lost, and the ledger tells it again when it hears the totals. */
    @Test
    void aGrantThatComesAfterItsRecallGoesBackAtOnceIfNobodyWaitsForIt() {
        call();
        run(1_000); // as long as a request waits
        answer(new LedgerEffect.Recall(wal.holder(), NINE));
        said.clear();
        grant(1, NINE, 40_000);
        assertThat(said.stream().filter(LedgerCommand.Report.class::isInstance))
                .last()
                .isInstanceOfSatisfying(
                        LedgerCommand.Report.class,
                        report ->
                                assertThat(report.leases())
                                        .singleElement()
                                        .extracting(LeaseTotals::returnedMicros)
                                        .isEqualTo(40_000L));
    }

    @Test
    void aGrantThatWasAskedForAfterARecallStays() {
        call();
        run(1_000);
        answer(new LedgerEffect.Recall(wal.holder(), NINE));
        var answer = callOf(BUDGET);
        run(200);
        grant(lastAcquire().request(), NINE, 40_000);
        assertThat(answer.result()).isInstanceOf(Admission.Reserved.class);
        said.clear();
        run(2_000);
        assertThat(said.stream().filter(LedgerCommand.Report.class::isInstance))
                .allSatisfy(
                        told ->
                                assertThat(((LedgerCommand.Report) told).leases())
                                        .extracting(LeaseTotals::returnedMicros)
                                        .containsOnly(0L));
    }

    private long acquires() {
        return said.stream().filter(LedgerCommand.Acquire.class::isInstance).count();
    }

    @Test
    void asksALedgerThatIsBehindAgainOnlyWhileSomebodyWaits() {
        call();
        run(1_000); // as long as a request waits
        said.clear();
        run(25_000);
        assertThat(acquires()).isZero();
        call();
        run(200);
        assertThat(acquires()).isEqualTo(1);
    }

    @Test
    void moneyThatCameLateIsIdleFromThenOn() {
        ahead = Duration.ofSeconds(60); // no window ends meanwhile
        call();
        run(40_000);
        said.clear();
        answer(
                new LedgerEffect.Grant(
                        wal.holder(), 1, TEN, 10_000, 1, 1, Duration.ofMinutes(50), false));
        run(50_000);
        assertThat(closes()).isEmpty();
        assertThat(reports()).isZero();
        run(20_000);
        assertThat(reports() + closes().size()).isPositive();
    }

    @Test
    void closesALeaseThatMayHaveBeenGrantedThoughNoGrantCame() {
        tellTime();
        call();
        deny(1, NINE, DeniedReason.UNAVAILABLE);
        run(31_000);
        call();
        assertThat(closes()).isEmpty();
        run(SAID_AGAIN_MILLIS);
        assertThat(closes()).isNotEmpty();
        assertThat(closes().getFirst().totals().account()).isEqualTo(NINE);
        assertThat(closes().getFirst().totals().closed()).isTrue();
    }

    @Test
    void forgetsALeaseThatWasClearlyNotGranted() {
        call();
        deny(1, NINE, DeniedReason.EXHAUSTED);
        run(31_000);
        call();
        run(1_500);
        assertThat(closes()).isEmpty();
        assertThat(wal.totals(NINE.toString(), wal.holder().bootEpoch())).isNull();
    }

    @Test
    void closesALeaseWhoseGrantComesAfterItsWindow() {
        tellTime();
        call();
        run(31_000);
        said.clear();
        call();
        grant(1, NINE, 10_000);
        run(SAID_AGAIN_MILLIS);
        assertThat(closes()).extracting(c -> c.totals().account()).contains(NINE);
    }

    @Test
    void leavesAWindowThatItsClockEnteredTooEarlyAndHasOneLeaseOfItLater() {
        ahead = Duration.ofHours(1);
        call();
        deny(1, TEN, DeniedReason.UNKNOWN_ACCOUNT);
        said.clear();
        answer(state(NINE, Duration.ofSeconds(30)));
        assertThat(said).anySatisfy(c -> assertThat(asked(c)).isEqualTo(NINE));
        deny(1, NINE, DeniedReason.EXHAUSTED);
        ahead = Duration.ofHours(2);
        run(31_000); // ten o'clock is skipped, and its lease is over
        call();
        deny(1, hour("2026-11-21T12:00:00Z"), DeniedReason.UNKNOWN_ACCOUNT);
        said.clear();
        answer(state(TEN, Duration.ofHours(1)));
        assertThat(said).anySatisfy(c -> assertThat(asked(c)).isEqualTo(TEN));
        grant(wal.lastRequest(TEN.toString()), TEN, 50_000);
        run(2_000);
        assertThat(closes()).extracting(c -> c.totals().account()).doesNotContain(TEN);
        var totals = wal.totals(TEN.toString(), wal.holder().bootEpoch());
        assertThat(totals).isNotNull();
        assertThat(totals.closed()).isFalse();
        assertThat(totals.openMicros()).as("it is spent from").isPositive();
    }

    @Test
    void doesNotGoBackToAWindowThatItLeftWithMoney() {
        call();
        grant(1, NINE, 50_000);
        ahead = Duration.ofHours(1);
        run(31_000);
        call();
        var eleven = hour("2026-11-21T11:00:00Z");
        grant(1, eleven, 10_000);
        deny(2, eleven, DeniedReason.EXHAUSTED);
        answer(state(NINE, Duration.ofSeconds(5)));
        assertThat(call())
                .as("refused by what is known of eleven o'clock")
                .noneSatisfy(c -> assertThat(asked(c)).isEqualTo(NINE));
    }

    @Test
    void doesNotGoBackToAWindowThatItClosedBeforeItsAnswerCame() {
        tellTime();
        call();
        run(31_000);
        call();
        run(SAID_AGAIN_MILLIS);
        assertThat(closes()).extracting(c -> c.totals().account()).contains(NINE);
        answer(state(NINE, Duration.ofSeconds(5)));
        grant(1, NINE, 50_000);
        call();
        var totals = wal.totals(NINE.toString(), wal.holder().bootEpoch());
        assertThat(totals).isNotNull();
        assertThat(totals.closed()).isTrue();
        assertThat(totals.amountMicros()).as("what came late is not spent").isZero();
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void goesBackToAWindowThatItsClockPassedWhileNobodyKnewOfAGrant() {
        passTen();
        ahead = Duration.ZERO;
        said.clear();
        answer(state(TEN, Duration.ofSeconds(3_580)));
        assertThat(said).anySatisfy(c -> assertThat(asked(c)).isEqualTo(TEN));
        grant(wal.lastRequest(TEN.toString()), TEN, 50_000);
        var totals = wal.totals(TEN.toString(), wal.holder().bootEpoch());
        assertThat(totals).isNotNull();
        assertThat(totals.openMicros()).as("it is spent from").isPositive();
        run(SAID_AGAIN_MILLIS);
        assertThat(wal.isClosed(TEN.toString())).isFalse();
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void goesBackToAWindowThatItsClockPassedBeforeTheLedgerSaidAnything() {
        ahead = Duration.ofHours(1);
        call();
        run(31_000); // by its clock it is eleven
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-21T12:00:00Z");
        run(SAID_AGAIN_MILLIS);
        assertThat(wal.isClosed(TEN.toString())).isFalse();
        answer(state(TEN, Duration.ofSeconds(3_540)));
        assertThat(call()).anySatisfy(c -> assertThat(asked(c)).isEqualTo(TEN));
        grant(wal.lastRequest(TEN.toString()), TEN, 50_000);
        var totals = wal.totals(TEN.toString(), wal.holder().bootEpoch());
        assertThat(totals).isNotNull();
        assertThat(totals.openMicros()).as("it is spent from").isPositive();
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void givesBackWhatIsGrantedLateOfAWindowThatItsClockPassedAndGoesBackToItAllTheSame() {
        passTen();
        said.clear();
        grant(wal.lastRequest(TEN.toString()), TEN, 50_000);
        run(1_000);
        assertThat(returned(TEN)).contains(50_000L);
        var eleven = hour("2026-11-21T11:00:00Z");
        deny(wal.lastRequest(eleven.toString()), eleven, DeniedReason.UNKNOWN_ACCOUNT);
        answer(state(TEN, Duration.ofSeconds(3_580)));
        assertThat(call()).anySatisfy(c -> assertThat(asked(c)).isEqualTo(TEN));
        grant(wal.lastRequest(TEN.toString()), TEN, 90_000);
        var totals = wal.totals(TEN.toString(), wal.holder().bootEpoch());
        assertThat(totals).isNotNull();
        assertThat(totals.openMicros()).as("it is spent from").isPositive();
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void closesWhatItsClockPassedOnceTheLedgersClockIsPastItToo() {
        passTen();
        run(SAID_AGAIN_MILLIS);
        assertThat(wal.isClosed(TEN.toString())).isFalse();
        answer(state(hour("2026-11-21T11:00:00Z"), Duration.ofSeconds(3_599)));
        run(SAID_AGAIN_MILLIS);
        assertThat(closes()).extracting(c -> c.totals().account()).contains(TEN);
    }

    @Test
    void closesNoWindowThatItsClockPassedWhileItTakesInThatNothingClearWasSaid() {
        askForTenAndPassIt();
        retiringMeanwhile(() -> deny(1, TEN, DeniedReason.UNAVAILABLE));
        goesBackToTen();
    }

    @Test
    void closesNoWindowThatItsClockPassedWhileItTakesInWhatIsGrantedOfIt() {
        askForTenAndPassIt();
        retiringMeanwhile(() -> grant(1, TEN, 50_000));
        goesBackToTen();
    }

    @Test
    void closesNoWindowThatItsClockPassesWhileTheLedgerSaysWhenItEnds() {
        ahead = Duration.ofHours(1);
        call();
        var end = agenda.now() + Duration.ofSeconds(3_630).toNanos();
        meanwhile =
                () -> {
                    if (of(TEN).refillBelowNanos > 0) { // its grant is put in
                        enter(end);
                    }
                };
        answer(
                new LedgerEffect.Grant(
                        wal.holder(), 1, TEN, 50_000, 1, 1, Duration.ofSeconds(3_630), false));
        meanwhile = () -> {};
        run(1_500); // nobody waits any more
        var eleven = hour("2026-11-21T11:00:00Z");
        deny(wal.lastRequest(eleven.toString()), eleven, DeniedReason.UNKNOWN_ACCOUNT);
        goesBackToTen();
    }

    @Test
    void asksForNothingOfAWindowThatEndsWhileItTellsWhatIsSpent() {
        callInVain(BUDGET);
        deny(1, NINE, DeniedReason.UNKNOWN_ACCOUNT);
        run(1_000);
        said.clear();
        meanwhile =
                () -> {
                    if (wal.lastRequest(NINE.toString()) == 2) {
                        enter(Duration.ofSeconds(31).toNanos());
                    }
                };
        call(BUDGET);
        meanwhile = () -> {};
        assertThat(said).anySatisfy(c -> assertThat(asked(c)).isEqualTo(TEN));
        assertThat(said).noneSatisfy(c -> assertThat(asked(c)).isEqualTo(NINE));
    }

    /** Its clock is ahead by an hour. */
    private void askForTenAndPassIt() {
        ahead = Duration.ofHours(1);
        call();
        run(31_000); // by its clock it is eleven
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-21T12:00:00Z");
    }

    private void retiringMeanwhile(Runnable answer) {
        meanwhile = () -> counter().retireOver(agenda.now());
        answer.run();
        meanwhile = () -> {};
    }

    private void goesBackToTen() {
        run(SAID_AGAIN_MILLIS);
        assertThat(wal.isClosed(TEN.toString())).isFalse();
        answer(state(TEN, Duration.ofSeconds(3_540)));
        assertThat(call()).anySatisfy(c -> assertThat(asked(c)).isEqualTo(TEN));
        assertThat(keeper.bug()).isNull();
    }

    private Counter counter() {
        return Objects.requireNonNull(admitter.counter("team-a/hourly", ""));
    }

    private Lease of(AccountKey account) {
        return Objects.requireNonNull(counter().of(account));
    }

    /** As a request's thread does that comes at that moment. */
    private void enter(long nanos) {
        counter().lease(HOUR, nanos, clock);
    }

    /**
     * Its clock is ahead by an hour: it asks for money of ten o'clock, nothing clear is said, and
     * at ten it is at eleven.
     */
    private void passTen() {
        ahead = Duration.ofHours(1);
        call();
        deny(1, TEN, DeniedReason.UNAVAILABLE);
        answer(state(NINE, Duration.ofSeconds(30)));
        deny(wal.lastRequest(NINE.toString()), NINE, DeniedReason.EXHAUSTED);
        run(31_000);
        var eleven = hour("2026-11-21T11:00:00Z");
        assertThat(call()).anySatisfy(c -> assertThat(asked(c)).isEqualTo(eleven));
        deny(wal.lastRequest(eleven.toString()), eleven, DeniedReason.UNKNOWN_ACCOUNT);
    }

    /** By an account of another Budget. */
    private void tellTime() {
        answer(state(AccountKey.of("team-a/other", "", NINE.window()), Duration.ofSeconds(30)));
    }

    @Test
    void closesALeaseThatTheStoreMayHaveGrantedAfterItsWindow() {
        tellTime();
        call();
        run(31_000);
        call();
        deny(1, NINE, DeniedReason.UNAVAILABLE);
        run(SAID_AGAIN_MILLIS);
        assertThat(closes()).extracting(c -> c.totals().account()).contains(NINE);
    }

    @Test
    void givesBackWhatIsGrantedOfAPeriodThatItLeft() {
        callInVain(BUDGET);
        callInVain(DAILY);
        said.clear();
        grant(1, NINE, 50_000);
        run(2_000);
        assertThat(returned(NINE)).contains(50_000L);
        assertThat(closes()).isEmpty();
    }

    @Test
    void givesBackWhatIsFreeOfAPeriodThatItLeftAndWhatSettlesLaterToo() {
        var held = held();
        said.clear();
        call(DAILY);
        run(100);
        assertThat(returned(NINE)).contains(40_000L);
        held.settle(new Money(4_000_001), false);
        run(2_000);
        assertThat(returned(NINE)).contains(45_999L);
        said.clear();
        run(5_000);
        assertThat(returned(NINE)).as("told once").isEmpty();
        assertThat(closes()).isEmpty();
    }

    @Test
    void closesTheLeaseOfAPeriodThatItLeftWhenItsWindowEnds() {
        held().settle(CENT, false);
        callInVain(DAILY);
        run(15_000);
        assertThat(closes()).isEmpty();
        run(10_000); // nine o'clock ends 20 s after its grant was asked for
        assertThat(closes()).extracting(c -> c.totals().account()).containsOnly(NINE);
    }

    @Test
    void entersNoWindowOfAPeriodThatComesBackOnceItsLeaseIsClosed() {
        held().settle(CENT, false);
        callInVain(DAILY);
        run(25_000);
        assertThat(closes()).isNotEmpty();
        // by the wall clock it is not yet ten
        assertThat(call()).noneSatisfy(c -> assertThat(asked(c)).isEqualTo(NINE));
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-21T11:00:00Z");
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void takesTheLeaseOfAPeriodThatComesBackUpAgain() {
        held();
        callInVain(DAILY);
        deny(1, TODAY, DeniedReason.UNKNOWN_ACCOUNT);
        assertThat(call()).anySatisfy(c -> assertThat(asked(c)).isEqualTo(NINE));
        grant(wal.lastRequest(NINE.toString()), NINE, 90_000);
        var totals = wal.totals(NINE.toString(), wal.holder().bootEpoch());
        assertThat(totals).isNotNull();
        assertThat(totals.amountMicros()).isEqualTo(90_000);
        assertThat(totals.openMicros()).as("both calls").isEqualTo(20_000);
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void goesOnWithTheWindowOfAPeriodThatComesBackWhateverItsWallClockSays() {
        held().settle(CENT, false);
        callInVain(DAILY);
        ahead = Duration.ofHours(1);
        call();
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-21T10:00:00Z");
        assertThat(closes()).isEmpty();
    }

    @Test
    void noStateOfAnotherWindowMovesTheEndOfItsOwnThoughTheyBeginTogether() {
        held();
        var both = account("2026-11-21T09:00:00Z", Duration.ofDays(1));
        answer(state(both, Duration.ZERO));
        answer(state(both, Duration.ofHours(14)));
        call();
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-21T10:00:00Z");
        run(21_000); // nine o'clock ends 20 s after its grant was asked for
        call();
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-21T11:00:00Z");
    }

    @Test
    void leavesItsWindowWhenTheLedgerSaysThatItIsOver() {
        held().settle(CENT, false);
        answer(state(NINE, Duration.ZERO));
        call();
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-21T11:00:00Z");
        assertThat(closes()).extracting(c -> c.totals().account()).containsOnly(NINE);
    }

    @Test
    void knowsWhatOthersHaveSpentOfAPeriodThatComesBack() {
        callInVain(BUDGET);
        answer(spent(NINE, 300_000));
        callInVain(DAILY);
        answer(spent(TODAY, 500_000));
        assertThat(gate.figures().getFirst().spent()).isEqualTo(Money.parse("0.5"));
        answer(spent(NINE, 400_000));
        assertThat(gate.figures().getFirst().spent()).isEqualTo(Money.parse("0.5"));
        call();
        assertThat(gate.figures().getFirst().spent()).isEqualTo(Money.parse("0.4"));
    }

    @Test
    void staysInItsWindowWhateverIsToldOfLongerOnesOfAnotherPeriod() {
        call(DAILY);
        grant(1, TODAY, 50_000);
        call();
        answer(state(TODAY, Duration.ofHours(14)));
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-21T10:00:00Z");
        grant(wal.lastRequest(NINE.toString()), NINE, 50_000);
        answer(state(day("2026-11-20T00:00:00Z"), Duration.ofHours(14)));
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-21T10:00:00Z");
    }

    @Test
    void keepsFinalTotalsUntilTheLedgerSaysThatTheyAreStored() {
        held().settle(CENT, false);
        run(21_000);
        var last = closes().getFirst().totals();
        ledger.connected();
        run(100);
        answer(new LedgerEffect.Registered(wal.holder(), true, ""));
        assertThat(wal.totals()).contains(last);
        answer(new LedgerEffect.Closed(wal.holder(), NINE, wal.holder().bootEpoch()));
        assertThat(wal.totals()).doesNotContain(last);
    }

    @Test
    void entersNoWindowThatItHasClosedUnderAnotherPeriodEither() {
        held().settle(CENT, false);
        run(21_000);
        assertThat(closes()).extracting(c -> c.totals().account()).containsOnly(NINE);
        answer(new LedgerEffect.Closed(wal.holder(), NINE, wal.holder().bootEpoch()));
        said.clear();
        // by the wall clock it is not yet ten, and London has the hours of UTC
        call(
                Budgets.budget(
                        "team-a/hourly",
                        1_000_000,
                        new Period(Period.Type.HOUR, "Europe/London", 1),
                        Mode.HARD));
        assertThat(said).anySatisfy(c -> assertThat(asked(c)).isEqualTo(TEN));
        assertThat(said).noneSatisfy(c -> assertThat(asked(c)).isEqualTo(NINE));
    }

    @Test
    void closesNoLeaseWhileAnEarlierOneOfItsAccountIsInUse() {
        ahead = Duration.ofHours(1);
        var early = reserved(SOFT);
        deny(1, TEN, DeniedReason.UNKNOWN_ACCOUNT);
        answer(state(NINE, Duration.ofSeconds(30)));
        ahead = Duration.ofHours(2);
        run(31_000); // ten o'clock is skipped
        reserved(SOFT).settle(CENT, false);
        answer(state(TEN, Duration.ofSeconds(20)));
        reserved(SOFT).settle(CENT, false);
        run(25_000);
        assertThat(closes()).extracting(c -> c.totals().account()).doesNotContain(TEN);
        early.settle(CENT, false);
        run(SAID_AGAIN_MILLIS);
        assertThat(closes())
                .filteredOn(c -> c.totals().account().equals(TEN))
                .isNotEmpty()
                .allSatisfy(c -> assertThat(c.totals().overrunMicros()).isEqualTo(20_000));
        assertThat(keeper.bug()).isNull();
    }

    @Test
    void aLeaseThatIsClosedUnderItDropsNothingThatOtherBudgetsHold() {
        held().settle(CENT, false);
        wal.append(new LogRecord.Close(NINE.toString(), wal.holder().bootEpoch()));
        var other = Budgets.budget("team-a/other", 1_000_000, HOUR, Mode.SOFT);
        var admitted = gate.reserve(Budgets.claim("both", CENT, SOFT, other));
        run(100);
        ((Admission.Reserved) admitted.result()).reservation().settle(CENT, false);
        var theirs = AccountKey.of("team-a/other", "", NINE.window()).toString();
        for (var account : List.of(theirs, TEN.toString())) {
            var totals = wal.totals(account, wal.holder().bootEpoch());
            assertThat(totals).as(account).isNotNull();
            assertThat(totals.overrunMicros()).as(account).isEqualTo(10_000);
        }
    }

    @Test
    void showsTheFiguresOfAnUnchargedBudgetForThePeriodThatItHas() {
        answer(spent(NINE, 300_000));
        answer(spent(TODAY, 500_000));
        assertThat(gate.figures()).extracting(f -> f.spent()).containsExactly(Money.parse("0.3"));
        gate.snapshotChanged(List.of(DAILY));
        assertThat(gate.figures()).extracting(f -> f.spent()).containsExactly(Money.parse("0.5"));
        assertThat(gate.figures().getFirst().resets()).isEqualTo("2026-11-22T00:00:00Z");
    }

    private Reservation reserved(BudgetEntry budget) {
        var admitted = gate.reserve(Budgets.claim("call-" + calls++, CENT, budget));
        run(100);
        return ((Admission.Reserved) admitted.result()).reservation();
    }

    private LedgerEffect spent(AccountKey account, long micros) {
        return new LedgerEffect.State(
                wal.holder(), account, 1_000_000, micros, 0, Duration.ofSeconds(20), false, micros);
    }

    /** Who waits for money until its time is up. */
    private void callInVain(BudgetEntry budget) {
        call(budget);
        run(1_500);
    }

    /** A cent of the 5 that are granted of nine o'clock. */
    private Reservation held() {
        var held = new ArrayList<Reservation>();
        gate.reserve(Budgets.claim("held", CENT, BUDGET))
                .onSuccess(admission -> held.add(((Admission.Reserved) admission).reservation()));
        run(100);
        grant(1, NINE, 50_000);
        assertThat(held).hasSize(1);
        return held.getFirst();
    }

    private List<Long> returned(AccountKey account) {
        return said.stream()
                .filter(LedgerCommand.Report.class::isInstance)
                .flatMap(command -> ((LedgerCommand.Report) command).leases().stream())
                .filter(totals -> totals.account().equals(account))
                .map(LeaseTotals::returnedMicros)
                .toList();
    }

    private LedgerEffect state(AccountKey account, Duration remaining) {
        return new LedgerEffect.State(wal.holder(), account, 1_000_000, 0, 0, remaining, false, 0);
    }

    private static AccountKey asked(LedgerCommand command) {
        return command instanceof LedgerCommand.Acquire acquire ? acquire.account() : null;
    }
}
