package dev.tollgate.policy.budget;

import static dev.tollgate.policy.budget.LedgerModel.KEY;
import static dev.tollgate.policy.budget.LedgerModel.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.LedgerModel.Store;
import dev.tollgate.policy.budget.LedgerModel.StoreMood;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Courses of events that the search of all states once found. */
class LedgerServiceTest {

    private static final HolderId HOLDER = new HolderId("p0", 1);

    private final Store store = new Store(Map.of(), StoreMood.WORKS);
    private final LedgerService ledger = new LedgerService(store, 1);

    @Test
    void aLateRegisterOpensNoLeaseThatAnotherRegisterHasClosed() {
        ledger.updateBudgets(List.of(LedgerModel.budget(2)), NOW);
        register();
        ledger.handle(new LedgerCommand.Acquire(HOLDER, 1, KEY, 2, 2, true), NOW);

        register(lease(true));
        register(lease(false));

        var account = store.accounts.get(KEY);
        assertThat(account.settledMicros()).isEqualTo(1);
        assertThat(account.leases()).isEmpty();
    }

    @Test
    void grantsNothingOfANewStoreUntilAllProxiesHaveToldWhatTheyHold() {
        var fleet = new HashSet<>(Set.of("pod0"));
        var guarded = new LedgerService(store, 1, fleet::equals);
        guarded.freezeAll(NOW);
        guarded.updateBudgets(List.of(LedgerModel.budget(2)), NOW);
        guarded.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of()), NOW);
        assertThat(acquire(guarded, NOW))
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.FROZEN));

        fleet.add("pod1");
        var later = NOW.plus(LedgerService.FREEZE_MIN);
        guarded.tick(later);
        assertThat(acquire(guarded, later)).isInstanceOf(LedgerEffect.Denied.class);

        fleet.remove("pod1");
        guarded.tick(later.minusSeconds(1));
        assertThat(acquire(guarded, later)).isInstanceOf(LedgerEffect.Denied.class);
        guarded.tick(later);
        assertThat(acquire(guarded, later)).isInstanceOf(LedgerEffect.Grant.class);
    }

    @Test
    void countsWhatIsToldOfAPeriodThatABudgetNoLongerHas() {
        var lifetime =
                BudgetBuilder.as(LedgerModel.budget(10))
                        .period(BudgetEntry.Period.Type.LIFETIME)
                        .mode(BudgetEntry.Mode.SOFT)
                        .build();
        ledger.updateBudgets(List.of(lifetime), NOW);
        register();
        var week =
                AccountKey.parse(
                        KEY.counterPrefix() + "2026-11-16T00:00:00Z--2026-11-23T00:00:00Z");
        var totals = new LeaseTotals(week, 1, 0, 0, 0, 3, 0, 0, false);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(totals)), NOW);
        assertThat(store.accounts.get(week).overrunMicros()).isEqualTo(3);
        var registered = ledger.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of()), NOW);
        assertThat(registered)
                .hasAtLeastOneElementOfType(LedgerEffect.Registered.class)
                .hasAtLeastOneElementOfType(LedgerEffect.State.class);
    }

    private static LedgerEffect acquire(LedgerService ledger, Instant now) {
        return ledger.handle(new LedgerCommand.Acquire(HOLDER, 1, KEY, 2, 2, true), now).getFirst();
    }

    private static final Instant LATER = NOW.plusSeconds(60);

    private static BudgetEntry reset(long limit, Instant asked) {
        return BudgetBuilder.as(LedgerModel.budget(limit)).resetAt(asked).build();
    }

    private static LeaseTotals spent(long amount, long settled) {
        return new LeaseTotals(KEY, 1, amount, settled, 0, 0, 0, 0, false);
    }

    /** What came of asking for so much. */
    private LedgerEffect ask(int request, long micros) {
        return ledger.handle(
                        new LedgerCommand.Acquire(HOLDER, request, KEY, micros, micros, true),
                        LATER)
                .getFirst();
    }

    /** The same, for a request that needs more than that: some of it is there. */
    private LedgerEffect ask(LedgerService ledger, int request, long micros, long needed) {
        var acquire = new LedgerCommand.Acquire(HOLDER, request, KEY, micros, micros, needed, true);
        return ledger.handle(acquire, LATER).getFirst();
    }

    /** Of ten, seven are spent; who needs so many was refused. */
    private void refused(long needed) {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(ledger, 1, 7, 7);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(7, 7))), NOW);
        assertThat(ledger.refused()).isEmpty();
        assertThat(ask(ledger, 2, 4, needed)).isInstanceOf(LedgerEffect.Denied.class);
    }

    @Test
    void remembersTheMostThatSomebodyNeededWhoWasRefused() {
        refused(5);
        assertThat(ledger.refused()).isEqualTo(Map.of(KEY, 5L));
        assertThat(ask(ledger, 3, 4, 4)).isInstanceOf(LedgerEffect.Denied.class);
        assertThat(ledger.refused()).as("the most").isEqualTo(Map.of(KEY, 5L));
        assertThat(ask(ledger, 4, 4, 6)).isInstanceOf(LedgerEffect.Denied.class);
        assertThat(ledger.refused()).isEqualTo(Map.of(KEY, 6L));
        assertThat(ask(ledger, 5, 2, 2)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(ledger.refused()).as("whoever needs less").isEqualTo(Map.of(KEY, 6L));
    }

    @Test
    void remembersNothingOfWhoAsksAheadOrNeedsMoreThanThereEverIs() {
        refused(0);
        assertThat(ledger.refused()).as("an earlier version").isEmpty();
        ledger.handle(new LedgerCommand.Acquire(HOLDER, 3, KEY, 0, 9, 0, false), LATER);
        assertThat(ask(ledger, 4, 11, 11)).isInstanceOf(LedgerEffect.Denied.class);
        assertThat(ledger.refused()).isEmpty();
        assertThat(ask(ledger, 5, 10, 10)).isInstanceOf(LedgerEffect.Denied.class);
        assertThat(ledger.refused()).isEqualTo(Map.of(KEY, 10L));
    }

    @Test
    void remembersNothingOfWhoIsRefusedWhatOthersMayReturn() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        var other = new HolderId("p1", 1);
        ledger.handle(new LedgerCommand.Register(other, "pod1", List.of()), NOW);
        ledger.handle(new LedgerCommand.Acquire(other, 1, KEY, 8, 8, 8, true), NOW);
        assertThat(ask(ledger, 1, 3, 3))
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.RESERVED));
        assertThat(ledger.refused()).isEmpty();
    }

    @Test
    void remembersNothingOfWhoHoldsItselfWhatItNeeds() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        assertThat(ask(ledger, 1, 7, 7)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(ask(ledger, 2, 4, 4))
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.EXHAUSTED));
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(7, 7))), LATER);
        assertThat(ledger.refused()).isEmpty();
    }

    @Test
    void forgetsWhatWasNeededWhenTheAmountIsRaised() {
        refused(5);
        ledger.updateBudgets(List.of(LedgerModel.budget(9)), LATER);
        assertThat(ledger.refused()).as("less is left").isEqualTo(Map.of(KEY, 5L));
        ledger.updateBudgets(List.of(LedgerModel.budget(11)), LATER);
        assertThat(ledger.refused()).isEmpty();
        assertThat(ask(ledger, 3, 5, 5)).isInstanceOf(LedgerEffect.Denied.class);
        assertThat(ledger.refused()).as("it is not enough").isEqualTo(Map.of(KEY, 5L));
        ledger.updateBudgets(List.of(LedgerModel.budget(4)), LATER);
        assertThat(ledger.refused()).as("above the whole amount").isEmpty();
    }

    @Test
    void forgetsWhatWasNeededWhenTheAccountIsReset() {
        refused(5);
        ledger.updateBudgets(List.of(reset(10, NOW)), LATER);
        ledger.tick(LATER.plusSeconds(2));
        assertThat(store.accounts.get(KEY).spentMicros()).isZero();
        assertThat(ledger.refused()).isEmpty();
    }

    @Test
    void takesWhatAnEarlierLedgerRefusedUntilItRefusesSomethingItself() {
        refused(5);
        ledger.refusedBefore(KEY, 6);
        assertThat(ledger.refused()).as("it knows better").isEqualTo(Map.of(KEY, 5L));
        var next = new LedgerService(store, 2);
        next.updateBudgets(List.of(LedgerModel.budget(10)), LATER);
        next.refusedBefore(KEY, 4);
        next.refusedBefore(KEY, 8);
        assertThat(next.refused()).as("as it began").isEqualTo(Map.of(KEY, 4L));
    }

    @Test
    void aResetGivesTheWholeAmountAgainAndOnlyOnce() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        assertThat(ask(1, 10)).isInstanceOf(LedgerEffect.Grant.class);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(10, 10))), NOW);
        assertThat(ask(2, 1)).isInstanceOf(LedgerEffect.Denied.class);

        assertThat(ledger.updateBudgets(List.of(reset(10, NOW)), LATER))
                .as("holders tell first what they have spent")
                .contains(new LedgerEffect.Recall(HOLDER, KEY));
        ledger.tick(LATER.plusSeconds(1));
        assertThat(store.accounts.get(KEY).resetAt()).isNull();
        var effects = ledger.tick(LATER.plusSeconds(2));

        var account = store.accounts.get(KEY);
        assertThat(account.limitMicros()).isEqualTo(20);
        assertThat(account.amountMicros()).isEqualTo(10);
        assertThat(account.spentMicros()).isZero();
        assertThat(account.settledMicros()).isEqualTo(10);
        assertThat(effects)
                .as("who was refused hears of it, with what it spent itself taken off")
                .anySatisfy(
                        effect ->
                                assertThat(effect)
                                        .isInstanceOfSatisfying(
                                                LedgerEffect.State.class,
                                                state -> {
                                                    assertThat(state.freeAgain()).isTrue();
                                                    assertThat(state.limitMicros()).isEqualTo(10);
                                                    assertThat(state.settledMicros()).isZero();
                                                    assertThat(state.elsewhereMicros())
                                                            .isEqualTo(-10);
                                                }));
        assertThat(ask(3, 10)).isInstanceOf(LedgerEffect.Grant.class);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(20, 20))), LATER);
        ledger.tick(LATER.plusSeconds(4));
        ledger.tick(LATER.plusSeconds(8));
        assertThat(ask(4, 1)).isInstanceOf(LedgerEffect.Denied.class);
    }

    @Test
    void aResetOfAnotherWindowOrOfATimeToComeChangesNothing() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(1, 10);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(10, 10))), NOW);
        ledger.updateBudgets(List.of(reset(10, NOW.minus(Duration.ofDays(400)))), LATER);
        assertThat(ask(2, 1)).isInstanceOf(LedgerEffect.Denied.class);
        ledger.updateBudgets(List.of(reset(10, LATER.plusSeconds(1))), LATER);
        assertThat(ask(3, 1)).isInstanceOf(LedgerEffect.Denied.class);
        ledger.tick(LATER.plusSeconds(1));
        ledger.tick(LATER.plusSeconds(3));
        assertThat(ask(4, 1)).as("its time has come").isInstanceOf(LedgerEffect.Grant.class);
    }

    @Test
    void anAccountThatIsOpenedAfterAResetIsNotResetByIt() {
        ledger.updateBudgets(List.of(reset(10, NOW)), LATER);
        register();
        ask(1, 10);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(10, 10))), LATER);
        ledger.tick(LATER.plusSeconds(2));
        ledger.tick(LATER.plusSeconds(4));
        assertThat(store.accounts.get(KEY).resetMicros()).isZero();
        assertThat(ask(2, 1)).isInstanceOf(LedgerEffect.Denied.class);
    }

    @Test
    void aResetIsToldToAHolderWhoseRefillWasRefused() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(1, 10);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(10, 10))), NOW);
        ledger.handle(new LedgerCommand.Acquire(HOLDER, 2, KEY, 0, 5, false), LATER);
        ledger.updateBudgets(List.of(reset(10, NOW)), LATER);
        assertThat(ledger.tick(LATER.plusSeconds(2)))
                .anyMatch(effect -> effect instanceof LedgerEffect.State s && s.freeAgain());
    }

    @Test
    void aResetOfTheLargestAmountSaturates() {
        ledger.updateBudgets(List.of(LedgerModel.budget(Account.MAX_MICROS)), NOW);
        register();
        ask(1, 10);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(10, 10))), NOW);
        ledger.updateBudgets(List.of(reset(Account.MAX_MICROS, NOW)), LATER);
        ledger.tick(LATER.plusSeconds(2));
        ledger.tick(LATER.plusSeconds(3));
        assertThat(store.accounts.get(KEY).limitMicros()).isEqualTo(Account.MAX_MICROS);
        assertThat(store.accounts.get(KEY).resetAt()).isEqualTo(NOW);
    }

    @Test
    void aLowerAmountAfterAResetCountsFromTheReset() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(1, 10);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(10, 10))), NOW);
        ledger.updateBudgets(List.of(reset(10, NOW)), LATER);
        ledger.tick(LATER.plusSeconds(2));
        ledger.updateBudgets(List.of(reset(4, NOW)), LATER);
        assertThat(store.accounts.get(KEY).remainingMicros()).isEqualTo(4);
        assertThat(ask(2, 5)).isInstanceOf(LedgerEffect.Denied.class);
    }

    @Test
    void aStoreThatHasForgottenAResetIsNotAskedForItAgain() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(1, 10);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(spent(10, 10))), NOW);
        ledger.updateBudgets(List.of(reset(10, NOW)), LATER);
        ledger.tick(LATER.plusSeconds(2));
        ask(2, 10);
        var told = new LeaseTotals(KEY, 1, 20, 15, 0, 0, 0, 9, false);

        var empty = new Store(Map.of(), StoreMood.WORKS);
        var next = new LedgerService(empty, 2);
        next.updateBudgets(List.of(reset(10, NOW)), LATER);
        next.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of(told)), LATER);
        next.tick(LATER.plusSeconds(2));
        next.tick(LATER.plusSeconds(4));

        var account = empty.accounts.get(KEY);
        assertThat(account.resetMicros()).isZero();
        assertThat(account.remainingMicros()).as("no money by forgetting").isNegative();
    }

    /** Makes a write whose outcome it does not tell as late as it is told to. */
    private static final class LateStore implements AccountStore {
        final Store store = new Store(Map.of(), StoreMood.WORKS);
        boolean late;
        boolean down;
        private Runnable write = () -> {};

        void writeLate() {
            write.run();
        }

        @Override
        public Read read(AccountKey key) {
            return down ? new Read.Unavailable("down") : store.read(key);
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            if (down) {
                return new Write.Unavailable("down");
            }
            if (!late) {
                return store.compareAndSet(key, version, account);
            }
            down = true;
            write = () -> store.compareAndSet(key, version, account);
            return new Write.Unknown("late");
        }

        @Override
        public Listing list(String prefix) {
            return store.list(prefix);
        }

        @Override
        public Identity identity() {
            return store.identity();
        }
    }

    private static final LedgerCommand.Acquire ACQUIRE =
            new LedgerCommand.Acquire(HOLDER, 1, KEY, 2, 2, true);

    /** A ledger that could not say whether its grant is stored. */
    private static LedgerService unsure(LateStore late) {
        var unsure = new LedgerService(late, 1);
        unsure.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        unsure.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of()), NOW);
        late.late = true;
        assertThat(unsure.handle(ACQUIRE, NOW).getFirst())
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.UNAVAILABLE));
        late.late = false;
        late.down = false;
        return unsure;
    }

    private static LeaseTotals nothing(boolean closed) {
        return new LeaseTotals(KEY, 1, 0, 0, 0, 0, 0, 0, closed);
    }

    @Test
    void aGrantThatIsStoredLateFindsItsHolder() {
        var late = new LateStore();
        var unsure = unsure(late);
        late.writeLate();
        assertThat(unsure.handle(new LedgerCommand.Report(HOLDER, List.of(nothing(false))), NOW))
                .singleElement()
                .isInstanceOfSatisfying(
                        LedgerEffect.Grant.class,
                        grant -> assertThat(grant.amountMicros()).isEqualTo(2));
    }

    @Test
    void aGrantThatIsStoredLateIsClosedByItsHolder() {
        var late = new LateStore();
        var unsure = unsure(late);
        late.writeLate();
        assertThat(unsure.handle(new LedgerCommand.Close(HOLDER, nothing(true)), NOW))
                .containsExactly(new LedgerEffect.Closed(HOLDER, KEY, 1));
        assertThat(late.store.accounts.get(KEY).leases()).isEmpty();
    }

    @Test
    void noGrantIsStoredAfterItsHolderWasToldThatTheLeaseIsClosed() {
        var late = new LateStore();
        var unsure = unsure(late);
        assertThat(unsure.handle(new LedgerCommand.Close(HOLDER, nothing(true)), NOW))
                .containsExactly(new LedgerEffect.Closed(HOLDER, KEY, 1));
        late.writeLate();
        assertThat(late.store.accounts.get(KEY).leases()).isEmpty();
    }

    @Test
    void noGrantIsStoredAfterARefusal() {
        var late = new LateStore();
        var unsure = unsure(late);
        assertThat(
                        unsure.handle(new LedgerCommand.Acquire(HOLDER, 2, KEY, 11, 11, true), NOW)
                                .getFirst())
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.EXHAUSTED));
        late.writeLate();
        assertThat(late.store.accounts.get(KEY).leases()).isEmpty();
    }

    @Test
    void aRefusalKnowsWhatAnEarlierLedgerHasWrittenLast() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ledger.handle(new LedgerCommand.Acquire(HOLDER, 1, KEY, 8, 8, true), NOW);
        var next = new LedgerService(store, 2);
        next.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        next.handle(new LedgerCommand.Register(new HolderId("p1", 1), "pod1", List.of()), NOW);
        var back = new LeaseTotals(KEY, 1, 8, 1, 7, 0, 0, 1, false);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(back)), NOW);
        assertThat(
                        next.handle(
                                        new LedgerCommand.Acquire(
                                                new HolderId("p1", 1), 1, KEY, 9, 9, true),
                                        NOW)
                                .getFirst())
                .as("the earlier one took back 7 of 8 after this one had read the account")
                .isInstanceOf(LedgerEffect.Grant.class);
    }

    @Test
    void noEarlierLedgerOpensAnAccountOnceALaterOneHasClosedALeaseOfIt() {
        var later = new LedgerService(store, 2);
        later.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        later.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of()), NOW);
        assertThat(later.handle(new LedgerCommand.Close(HOLDER, nothing(true)), NOW))
                .containsExactly(new LedgerEffect.Closed(HOLDER, KEY, 1));
        var create = store.compareAndSet(KEY, AccountStore.ABSENT, Account.opened(KEY, 10));
        assertThat(create).as("a late write").isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(store.accounts.get(KEY).epoch()).isEqualTo(2);
    }

    /** An earlier ledger, whose clock is ahead, may be about to open it for the lease. */
    @Test
    void aCloseOfAWindowToComeOpensItsAccountWhenThatBegins() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        var next =
                AccountKey.parse(
                        KEY.counterPrefix() + "2026-12-01T00:00:00Z--2027-01-01T00:00:00Z");
        var totals = new LeaseTotals(next, 1, 0, 0, 0, 0, 0, 0, true);
        var close = new LedgerCommand.Close(HOLDER, totals);
        assertThat(ledger.handle(close, NOW)).as("not yet").isEmpty();
        var register = new LedgerCommand.Register(HOLDER, "pod0", List.of(totals));
        assertThat(ledger.handle(register, NOW))
                .contains(new LedgerEffect.Registered(HOLDER, true, ""))
                .noneMatch(effect -> effect instanceof LedgerEffect.Closed);
        assertThat(store.accounts).isEmpty();
        assertThat(ledger.unstored()).as("it proves nothing").isEmpty();

        var begins = next.window().start();
        var granted = new LeaseAccount(HOLDER, 4, 0, 0, 0, 1, LeaseAccount.State.OPEN);
        var late = Account.opened(next, 10).withLease(granted).written(1);
        store.accounts.put(next, late); // the earlier ledger's
        var told = new ArrayList<LedgerEffect>();
        for (var second = 0; second < Inbox.PAUSE_TICKS_MAX; second++) {
            ledger.tick(begins);
        }
        assertThat(ledger.next(1)).containsExactly(next);
        ledger.turn(next, begins, told::addAll);
        assertThat(told).containsExactly(new LedgerEffect.Closed(HOLDER, next, 1));
        assertThat(store.accounts.get(next).leases()).isEmpty();
    }

    @Test
    void whoseClockIsAheadLeadsNobodyIntoAWindowToCome() {
        var softHour =
                BudgetBuilder.as(LedgerModel.budget(10))
                        .period(BudgetEntry.Period.Type.HOUR)
                        .mode(BudgetEntry.Mode.SOFT)
                        .build();
        ledger.updateBudgets(List.of(softHour), NOW);
        register();
        var other = new HolderId("p1", 1);
        ledger.handle(new LedgerCommand.Register(other, "pod1", List.of()), NOW);
        var hour =
                AccountKey.parse(
                        KEY.counterPrefix() + "2026-11-21T09:00:00Z--2026-11-21T10:00:00Z");
        var next =
                AccountKey.parse(
                        KEY.counterPrefix() + "2026-11-21T10:00:00Z--2026-11-21T11:00:00Z");
        var ahead = new LeaseTotals(next, 1, 0, 0, 0, 3, 0, 0, false);
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(ahead)), NOW);
        assertThat(store.accounts.get(next).overrunMicros())
                .as("counted all the same")
                .isEqualTo(3);

        assertThat(told(ledger.tick(NOW))).doesNotContain(next);
        var late = new HolderId("p2", 1);
        assertThat(told(ledger.handle(new LedgerCommand.Register(late, "pod2", List.of()), NOW)))
                .doesNotContain(next);
        var back = ledger.handle(new LedgerCommand.Acquire(HOLDER, 1, next, 1, 1, true), NOW);
        assertThat(told(back)).containsExactly(hour);
        var acquire = new LedgerCommand.Acquire(other, 1, hour, 2, 2, true);
        assertThat(ledger.handle(acquire, NOW).getFirst()).isInstanceOf(LedgerEffect.Grant.class);

        var begins = next.window().start();
        assertThat(told(ledger.tick(begins))).contains(next);
        var first = new LedgerCommand.Acquire(other, 2, next, 2, 2, true);
        assertThat(ledger.handle(first, begins).getFirst()).isInstanceOf(LedgerEffect.Grant.class);
        var again = new LedgerCommand.Acquire(other, 3, next, 1, 1, true);
        assertThat(ledger.handle(again, begins.minusSeconds(3)).getFirst())
                .as("what a ledger has entered stays entered")
                .isInstanceOf(LedgerEffect.Grant.class);
    }

    @Test
    void aWindowThatALedgerHasEnteredStaysEnteredWhenAllOfItIsGivenBackUnspent() {
        var hourly =
                BudgetBuilder.as(LedgerModel.budget(10))
                        .period(BudgetEntry.Period.Type.HOUR)
                        .build();
        ledger.updateBudgets(List.of(hourly), NOW);
        register();
        var begins = NOW.plus(Duration.ofHours(1));
        var next =
                AccountKey.parse(
                        KEY.counterPrefix() + "2026-11-21T10:00:00Z--2026-11-21T11:00:00Z");
        var acquire = new LedgerCommand.Acquire(HOLDER, 1, next, 4, 4, true);
        assertThat(ledger.handle(acquire, begins).getFirst())
                .isInstanceOf(LedgerEffect.Grant.class);
        var back = new LeaseTotals(next, 1, 4, 0, 4, 0, 0, 1, true);
        ledger.handle(new LedgerCommand.Close(HOLDER, back), begins);
        assertThat(store.accounts.get(next).leases()).isEmpty();

        var other = new HolderId("p1", 1);
        ledger.handle(new LedgerCommand.Register(other, "pod1", List.of()), begins);
        var again = new LedgerCommand.Acquire(other, 1, next, 1, 1, true);
        assertThat(ledger.handle(again, begins.minusSeconds(3)).getFirst())
                .isInstanceOf(LedgerEffect.Grant.class);
    }

    private static Set<AccountKey> told(List<LedgerEffect> effects) {
        var told = new HashSet<AccountKey>();
        for (var effect : effects) {
            if (effect instanceof LedgerEffect.State state) {
                told.add(state.account());
            }
        }
        return told;
    }

    @Test
    void aReportThatTheStoreDoesNotTakeStaysInLine() {
        var failing = new LateStore();
        var keeps = new LedgerService(failing, 1);
        keeps.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        keeps.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of()), NOW);
        keeps.handle(ACQUIRE, NOW);
        failing.down = true;
        var spent = new LeaseTotals(KEY, 1, 2, 2, 0, 0, 0, 0, false);
        keeps.handle(new LedgerCommand.Report(HOLDER, List.of(spent)), NOW);
        failing.down = false;
        assertThat(failing.store.accounts.get(KEY).settledMicros()).isZero();
        assertThat(keeps.next(2)).as("not at once").isEmpty();
        keeps.tick(NOW.plusSeconds(1));
        assertThat(keeps.next(2)).containsExactly(KEY);
        keeps.turn(KEY, NOW.plusSeconds(2), effects -> {});
        assertThat(failing.store.accounts.get(KEY).settledMicros()).isEqualTo(2);
    }

    private void register(LeaseTotals... leases) {
        ledger.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of(leases)), NOW);
    }

    private static LeaseTotals lease(boolean closed) {
        return new LeaseTotals(KEY, 1, 2, 1, 0, 0, 0, 1, closed);
    }

    @Test
    void aChangedPeriodCountsAnewThoughItsWindowBeginsWithTheOther() {
        var start = Instant.parse("2026-11-01T00:10:00Z");
        ledger.updateBudgets(List.of(LedgerModel.budget(2)), start);
        ledger.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of()), start);
        assertThat(acquire(ledger, start)).isInstanceOf(LedgerEffect.Grant.class);
        var hourly =
                BudgetBuilder.as(LedgerModel.budget(2))
                        .period(BudgetEntry.Period.Type.HOUR)
                        .build();
        ledger.updateBudgets(List.of(hourly), start);
        var hour =
                AccountKey.parse(
                        KEY.counterPrefix() + "2026-11-01T00:00:00Z--2026-11-01T01:00:00Z");
        var late = ledger.handle(new LedgerCommand.Acquire(HOLDER, 2, KEY, 1, 1, true), start);
        assertThat(late)
                .hasOnlyElementsOfTypes(LedgerEffect.State.class, LedgerEffect.Denied.class);
        assertThat(((LedgerEffect.State) late.getFirst()).account()).isEqualTo(hour);
        var all = ledger.handle(new LedgerCommand.Acquire(HOLDER, 1, hour, 2, 2, true), start);
        assertThat(all.getFirst()).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(store.accounts).containsOnlyKeys(KEY, hour);
    }
}
