package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.budget.Admission.RefusalKind;
import dev.tollgate.dataplane.budget.Admission.Refused;
import dev.tollgate.dataplane.budget.Admission.Reserved;
import dev.tollgate.dataplane.wal.SimulatedDisk;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.DeniedReason;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.OnLedgerUnavailable;
import io.vertx.core.Future;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What each mode does with each {@code onLedgerUnavailable} while the ledger is away. */
class LedgerAwayTest {

    private static final Instant START = Instant.parse("2026-11-21T09:59:30Z");
    private static final Money CENT = Money.parse("0.01");
    private static final int GRANTED_CENTS = 3;
    private static final AccountKey ACCOUNT =
            AccountKey.parse("team-a/monthly//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");

    private final Agenda agenda = new Agenda();
    private final Agenda.Life life = new Agenda.Life();
    private Arena arena;
    private Wal wal;
    private LeasedBudgetGate gate;
    private LedgerLink.Listener ledger;
    private int calls;

    @BeforeEach
    void open() throws Exception {
        arena = Arena.ofConfined();
        var random = new SplittableRandom(1);
        wal =
                new SimulatedDisk("log-1", arena, random)
                        .open((delay, task) -> agenda.at(agenda.now() + delay, life, task));
        var settings = GateSettings.of("pod-1");
        var clock = new AgendaTime();
        var thread = new SimulatedThread(agenda, life, random);
        var keeper =
                new LeaseKeeper(wal, new Link(), settings, clock, BoundViolations.unkept(), thread);
        var admitter = new Admitter(wal, keeper, clock);
        gate = new LeasedBudgetGate(wal, keeper, admitter, settings, clock);
        keeper.start(admitter);
        comeBack();
    }

    @AfterEach
    void close() {
        life.end();
        arena.close();
    }

    private final class AgendaTime implements TimeSource {
        @Override
        public long nanos() {
            return agenda.now();
        }

        @Override
        public Instant now() {
            return START.plusNanos(agenda.now());
        }
    }

    /** Takes everything, and answers when the test does. */
    private final class Link implements LedgerLink {
        @Override
        public void start(Listener listener) {
            ledger = listener;
        }

        @Override
        public void send(LedgerCommand command) {
            // the test knows what it is
        }

        @Override
        public State state() {
            return new State.Connected();
        }

        @Override
        public void close() {
            // nothing is open
        }
    }

    private void run(long millis) {
        agenda.runUntil(agenda.now() + millis * 1_000_000);
    }

    private void answer(LedgerEffect effect) {
        ledger.effect(effect);
        run(100);
    }

    private void comeBack() {
        ledger.connected();
        run(100);
        answer(new LedgerEffect.Registered(wal.holder(), true, ""));
    }

    private void leave() {
        ledger.disconnected("gone");
        run(100);
    }

    private Future<Admission> ask(BudgetEntry budget) {
        var answer = gate.reserve(Budgets.claim("call-" + calls++, CENT, budget));
        run(100);
        return answer;
    }

    private static BudgetEntry budget(Mode mode, OnLedgerUnavailable without) {
        return BudgetBuilder.budget("team-a/monthly")
                .limit(1_000_000)
                .period(Budgets.MONTH)
                .mode(mode)
                .onLedgerUnavailable(without)
                .build();
    }

    /** All that was granted is free. */
    private BudgetEntry granted(BudgetEntry budget) {
        gate.snapshotChanged(List.of(budget));
        var first = ask(budget);
        answer(
                new LedgerEffect.Grant(
                        wal.holder(),
                        wal.lastRequest(ACCOUNT.toString()),
                        ACCOUNT,
                        GRANTED_CENTS * 10_000,
                        1,
                        1,
                        Duration.ofDays(9),
                        false));
        ((Reserved) first.result()).reservation().settle(Money.ZERO, false);
        run(100);
        assertThat(gate.figures().getFirst().free()).isEqualTo(CENT.times(GRANTED_CENTS));
        return budget;
    }

    /** Admitted, Told (admitted, and said that it would be refused), or why it was refused. */
    private static String outcome(Future<Admission> answer) {
        assertThat(answer.isComplete()).isTrue();
        return switch (answer.result()) {
            case Reserved(var reservation) ->
                    reservation.wouldRefuse().isEmpty() ? "Admitted" : "Told";
            case Refused refused -> refused.kind().name();
        };
    }

    /** The compiler takes no Allow with Hard: the gate would do as AllowLeased says. */
    @ParameterizedTest
    @CsvSource({
        "HARD,   ALLOW_LEASED, Admitted,           LEDGER_UNAVAILABLE",
        "HARD,   BLOCK,        LEDGER_UNAVAILABLE, LEDGER_UNAVAILABLE",
        "HARD,   ALLOW,        Admitted,           LEDGER_UNAVAILABLE",
        "SOFT,   ALLOW_LEASED, Admitted,           LEDGER_UNAVAILABLE",
        "SOFT,   BLOCK,        LEDGER_UNAVAILABLE, LEDGER_UNAVAILABLE",
        "SOFT,   ALLOW,        Admitted,           Admitted",
        "SHADOW, ALLOW_LEASED, Admitted,           Told",
        "SHADOW, BLOCK,        Told,               Told",
        "SHADOW, ALLOW,        Admitted,           Admitted",
    })
    void doesAsTheBudgetSaysWhileTheLedgerIsAway(
            Mode mode, OnLedgerUnavailable without, String granted, String usedUp) {
        var budget = granted(budget(mode, without));
        leave();
        for (var i = 0; i < GRANTED_CENTS; i++) {
            assertThat(outcome(ask(budget))).as("of what is granted").isEqualTo(granted);
        }
        run(1_000);
        var more = "";
        for (var i = 0; i <= GRANTED_CENTS; i++) {
            more = outcome(ask(budget));
        }
        assertThat(more).as("when it is used up").isEqualTo(usedUp);

        comeBack();
        if (mode != Mode.HARD) {
            assertThat(outcome(ask(budget))).as("with the ledger").isEqualTo("Admitted");
        }
    }

    @Test
    void softWaitsASecondForALedgerThatHasJustLeft() {
        var soft = granted(budget(Mode.SOFT, OnLedgerUnavailable.ALLOW_LEASED));
        leave();
        for (var i = 0; i < GRANTED_CENTS; i++) {
            ask(soft);
        }
        var inTime = ask(soft);
        assertThat(inTime.isComplete()).isFalse();
        comeBack();
        assertThat(outcome(inTime)).isEqualTo("Admitted");

        leave();
        var inVain = ask(soft);
        assertThat(inVain.isComplete()).isFalse();
        run(1_000);
        assertThat(outcome(inVain)).isEqualTo("LEDGER_UNAVAILABLE");
        assertThat(gate.figures().getFirst().held()).isEqualTo(CENT.times(GRANTED_CENTS));
    }

    private Future<Admission> askAfter(long waitedMillis, BudgetEntry budget) {
        var claim = Budgets.claim("call-" + calls++, CENT, budget);
        return gate.reserve(claim.waited(Duration.ofMillis(waitedMillis).toNanos()));
    }

    @Test
    void whoHasWaitedBeforeWaitsSoMuchLess() {
        var hard = budget(Mode.HARD, OnLedgerUnavailable.ALLOW_LEASED);
        gate.snapshotChanged(List.of(hard));
        var fresh = askAfter(0, hard);
        var soon = askAfter(400, hard);
        var again = askAfter(600, hard);
        var late = askAfter(2_000, hard);
        run(100);
        assertThat(late.isComplete()).isTrue();
        assertThat(again.isComplete()).isFalse();
        run(400);
        assertThat(again.isComplete()).isTrue();
        assertThat(soon.isComplete()).isFalse();
        run(200);
        assertThat(outcome(soon)).isEqualTo(RefusalKind.LEDGER_UNAVAILABLE.name());
        assertThat(fresh.isComplete()).isFalse();
        run(400);
        assertThat(outcome(fresh)).isEqualTo(RefusalKind.LEDGER_UNAVAILABLE.name());
    }

    @Test
    void ofALedgerThatHadNoTimeToAnswerNobodyIsToldThatItIsAway() {
        var hard = budget(Mode.HARD, OnLedgerUnavailable.ALLOW_LEASED);
        gate.snapshotChanged(List.of(hard));
        for (var waitedMillis : List.of(600L, 999L, 2_000L)) {
            var answer = askAfter(waitedMillis, hard);
            run(500);
            assertThat(outcome(answer)).isEqualTo(RefusalKind.RESERVED.name());
            var refused = (Refused) answer.result();
            assertThat(refused.message())
                    .isEqualTo(
                            "Budget team-a/monthly: earlier tries of this request have waited for"
                                    + " its money");
            assertThat(refused.retryAfter()).isPositive();
        }
        leave();
        var answer = askAfter(999, hard);
        run(100);
        assertThat(outcome(answer)).isEqualTo(RefusalKind.LEDGER_UNAVAILABLE.name());
    }

    @Test
    void whoFindsNoRoomToWaitIsToldSoAtOnceAndNothingOfTheLedger() {
        var hard = budget(Mode.HARD, OnLedgerUnavailable.ALLOW_LEASED);
        gate.snapshotChanged(List.of(hard));
        var settings = GateSettings.of("pod-1");
        for (var i = 0; i < settings.waitersMax(); i++) {
            assertThat(gate.reserve(Budgets.claim("waits-" + i, CENT, hard)).isComplete())
                    .isFalse();
        }
        var next = gate.reserve(Budgets.claim("next", CENT, hard));
        assertThat(outcome(next)).isEqualTo(RefusalKind.RESERVED.name());
        var refused = (Refused) next.result();
        assertThat(refused.message())
                .isEqualTo("Budget team-a/monthly: 1000 requests wait for its money already");
        assertThat(refused.retryAfter()).isPositive();
        assertThat(refused.remaining()).as("the ledger was not asked").isNull();
        run(settings.waitAtMost().toMillis() + 100);
        assertThat(gate.reserve(Budgets.claim("later", CENT, hard)).isComplete())
                .as("there is room again")
                .isFalse();
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void aLedgerThatCannotReachItsStoreIsAwayToo(Mode mode) {
        var budget = budget(mode, OnLedgerUnavailable.ALLOW_LEASED);
        gate.snapshotChanged(List.of(budget));
        ask(budget);
        deny(DeniedReason.UNAVAILABLE);
        assertThat(outcome(ask(budget)))
                .isEqualTo(mode == Mode.SHADOW ? "Told" : "LEDGER_UNAVAILABLE");
    }

    @ParameterizedTest
    @CsvSource({
        "HARD, ALLOW_LEASED, FROZEN",
        "SHADOW, ALLOW_LEASED, Told",
        "SHADOW, ALLOW, Admitted"
    })
    void whatIsFrozenSpendsWhatWasGranted(Mode mode, OnLedgerUnavailable without, String usedUp) {
        var budget = granted(budget(mode, without));
        answer(new LedgerEffect.Freeze(wal.holder(), ACCOUNT, true));
        for (var i = 0; i < GRANTED_CENTS; i++) {
            assertThat(outcome(ask(budget))).as("of what is granted").isEqualTo("Admitted");
        }
        assertThat(outcome(ask(budget))).isEqualTo(usedUp);
    }

    @ParameterizedTest
    @EnumSource(names = {"SOFT", "SHADOW"})
    void allowGoesOnWithoutTheStore(Mode mode) {
        var budget = budget(mode, OnLedgerUnavailable.ALLOW);
        gate.snapshotChanged(List.of(budget));
        ask(budget);
        deny(DeniedReason.UNAVAILABLE);
        assertThat(outcome(ask(budget))).isEqualTo("Admitted");
    }

    @Test
    void softGoesOnWhereNothingIsLeftToGrantAsLongAsTheLedgerAnswers() {
        var soft = budget(Mode.SOFT, OnLedgerUnavailable.ALLOW_LEASED);
        gate.snapshotChanged(List.of(soft));
        ask(soft);
        deny(DeniedReason.RESERVED);
        assertThat(outcome(ask(soft))).isEqualTo("Admitted");
        leave();
        run(1_000);
        assertThat(outcome(ask(soft))).isEqualTo(RefusalKind.LEDGER_UNAVAILABLE.name());
    }

    @ParameterizedTest
    @EnumSource(names = {"SOFT", "SHADOW"})
    void asksForMoneyAgainWhenItWasGivenBackAndWhenARefusalIsOver(Mode mode) {
        var budget = granted(budget(mode, OnLedgerUnavailable.ALLOW_LEASED));
        answer(new LedgerEffect.Recall(wal.holder(), ACCOUNT));
        assertThat(gate.figures().getFirst().free()).isEqualTo(Money.ZERO);
        var before = wal.lastRequest(ACCOUNT.toString());
        ask(budget);
        assertThat(wal.lastRequest(ACCOUNT.toString())).isEqualTo(before + 1);

        deny(DeniedReason.UNAVAILABLE);
        ask(budget);
        assertThat(wal.lastRequest(ACCOUNT.toString())).isEqualTo(before + 1);
        run(2_100);
        ask(budget);
        assertThat(wal.lastRequest(ACCOUNT.toString())).isEqualTo(before + 2);
    }

    private void deny(DeniedReason reason) {
        answer(
                new LedgerEffect.Denied(
                        wal.holder(),
                        wal.lastRequest(ACCOUNT.toString()),
                        ACCOUNT,
                        reason,
                        Duration.ofSeconds(1),
                        0));
    }
}
