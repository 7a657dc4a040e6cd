package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dataplane.wal.SimulatedDisk;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.DeniedReason;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Mode;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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
    private static final AccountKey NINE = account("2026-11-21T09:00:00Z");
    private static final AccountKey TEN = account("2026-11-21T10:00:00Z");
    private static final Money CENT = Money.parse("0.01");

    private final Agenda agenda = new Agenda();
    private final Agenda.Life life = new Agenda.Life();
    private final List<LedgerCommand> said = new ArrayList<>();
    private Arena arena;
    private Wal wal;
    private LeaseKeeper keeper;
    private LeasedBudgetGate gate;
    private LedgerLink.Listener ledger;
    private Duration ahead = Duration.ZERO;
    private int calls;

    private static AccountKey account(String start) {
        return AccountKey.of("team-a/hourly", "", Instant.parse(start));
    }

    @BeforeEach
    void open() throws Exception {
        arena = Arena.ofConfined();
        var random = new SplittableRandom(1);
        var disk = new SimulatedDisk("log-1", arena, random);
        wal = disk.open((delay, task) -> agenda.at(agenda.now() + delay, life, task));
        var clock =
                new TimeSource() {
                    @Override
                    public long nanos() {
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
        var admitter = new Admitter(wal, keeper, clock);
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
        gate.reserve(Budgets.claim("call-" + calls++, CENT, BUDGET));
        run(100);
        return List.copyOf(said);
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
        deny(1, account("2026-11-21T12:00:00Z"), DeniedReason.UNKNOWN_ACCOUNT);
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
        var eleven = account("2026-11-21T11:00:00Z");
        grant(1, eleven, 10_000);
        deny(2, eleven, DeniedReason.EXHAUSTED);
        answer(state(NINE, Duration.ofSeconds(5)));
        assertThat(call())
                .as("refused by what is known of eleven o'clock")
                .noneSatisfy(c -> assertThat(asked(c)).isEqualTo(NINE));
    }

    @Test
    void doesNotGoBackToAWindowThatItClosedBeforeItsAnswerCame() {
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

    private LedgerEffect state(AccountKey account, Duration remaining) {
        return new LedgerEffect.State(wal.holder(), account, 1_000_000, 0, 0, remaining, false, 0);
    }

    private static AccountKey asked(LedgerCommand command) {
        return command instanceof LedgerCommand.Acquire acquire ? acquire.account() : null;
    }
}
