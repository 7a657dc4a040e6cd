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
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Corners in which money could be given twice, or be forgotten. */
class LedgerSafetyTest {

    private static final HolderId HOLDER = new HolderId("p0", 1);
    private static final Instant LATER = NOW.plusSeconds(60);
    private static final AccountKey OTHER =
            AccountKey.parse("team-b/monthly//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");

    private final Store store = new Store(Map.of(), StoreMood.WORKS);
    private LedgerService ledger = new LedgerService(store, 1);

    private static BudgetEntry budget(String key, long limit, Instant reset) {
        return BudgetBuilder.as(LedgerModel.budget(limit), key).resetAt(reset).build();
    }

    private static BudgetEntry reset(long limit, Instant asked) {
        return budget("team-a/monthly", limit, asked);
    }

    private List<LedgerEffect> register(LeaseTotals... leases) {
        return ledger.handle(new LedgerCommand.Register(HOLDER, "pod0", List.of(leases)), LATER);
    }

    private LedgerEffect ask(AccountKey key, int request, long micros) {
        return ledger.handle(
                        new LedgerCommand.Acquire(HOLDER, request, key, micros, micros, true),
                        LATER)
                .getFirst();
    }

    private static LeaseTotals totals(
            long amount, long settled, long overrun, long seq, boolean closed) {
        return new LeaseTotals(KEY, 1, amount, settled, 0, overrun, 0, seq, closed);
    }

    @Test
    void answersWhoRegistersBeforeTheBudgetsAreKnownOnceTheyAre() {
        assertThat(register()).isEmpty();

        assertThat(ledger.updateBudgets(List.of(LedgerModel.budget(10)), LATER))
                .contains(new LedgerEffect.Registered(HOLDER, true, ""));
        assertThat(ask(KEY, 1, 10)).isInstanceOf(LedgerEffect.Grant.class);
    }

    @Test
    void answersNobodyWhoLeftBeforeTheBudgetsWereKnown() {
        register();
        ledger.disconnected(HOLDER);

        assertThat(ledger.updateBudgets(List.of(LedgerModel.budget(10)), LATER)).isEmpty();
        assertThat(ledger.connected()).isEmpty();
    }

    @Test
    void resetsNoAccountAgainThatWasRebuiltBeforeTheBudgetsWereKnown() {
        register(totals(20, 15, 0, 9, false));
        ledger.updateBudgets(List.of(reset(10, NOW)), LATER);
        for (var second = 1; second < 10; second++) {
            ledger.tick(LATER.plusSeconds(second));
        }

        assertThat(store.accounts.get(KEY).resetMicros()).isZero();
        assertThat(store.accounts.get(KEY).remainingMicros()).isNegative();
    }

    @Test
    void resetsNoAccountAgainThatWasRebuiltWhileItsBudgetNamedNoReset() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register(totals(20, 15, 0, 9, false));
        ledger.updateBudgets(List.of(reset(10, NOW)), LATER);
        for (var second = 1; second < 10; second++) {
            ledger.tick(LATER.plusSeconds(second));
        }

        assertThat(store.accounts.get(KEY).resetMicros()).isZero();
    }

    @Test
    void asksHoldersAnewWhenAResetIsAskedForAgainAfterItWasTakenBack() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(KEY, 1, 10);
        ledger.updateBudgets(List.of(reset(10, NOW)), LATER);
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), LATER);

        var effects =
                ledger.updateBudgets(List.of(reset(10, NOW)), LATER.plus(Duration.ofMinutes(1)));

        assertThat(effects).contains(new LedgerEffect.Recall(HOLDER, KEY));
        assertThat(store.accounts.get(KEY).resetAt()).isNull();
    }

    @Test
    void goesOnWithTheOtherAccountsWhenOneBreaksARule() {
        ledger.updateBudgets(
                List.of(LedgerModel.budget(10), budget("team-b/monthly", 10, null)), NOW);
        register();
        ask(KEY, 1, 1);
        ask(OTHER, 1, 1);
        var broken = store.accounts.get(KEY);
        store.accounts.put(KEY, withEpoch(broken, 9)); // of a ledger that this one cannot follow
        var next = new LedgerService(store, 2);
        var failures = new ArrayList<AccountKey>();
        next.whenFailed((key, why) -> failures.add(key));
        next.updateBudgets(
                List.of(LedgerModel.budget(5), budget("team-b/monthly", 5, null)), LATER);
        next.tick(LATER);

        assertThat(failures).contains(KEY).doesNotContain(OTHER);
        assertThat(store.accounts.get(OTHER).limitMicros()).isEqualTo(5);
    }

    private static Account withEpoch(Account a, long epoch) {
        return new Account(
                a.key(),
                a.limitMicros(),
                a.settledMicros(),
                a.overrunMicros(),
                a.resetMicros(),
                a.resetAt(),
                a.seq(),
                epoch,
                a.leases(),
                a.closed(),
                a.frozenAtSeq());
    }

    @Test
    void sendsTheEffectsOfAnAccountBeforeItTurnsToTheNext() {
        ledger.updateBudgets(
                List.of(LedgerModel.budget(10), budget("team-b/monthly", 10, null)), NOW);
        register();
        ask(KEY, 1, 5);
        ask(OTHER, 1, 5);
        var sent = new ArrayList<List<LedgerEffect>>();

        ledger.updateBudgets(
                List.of(LedgerModel.budget(2), budget("team-b/monthly", 2, null)),
                LATER,
                sent::add);

        assertThat(sent)
                .containsExactly(
                        List.of(new LedgerEffect.Recall(HOLDER, KEY)),
                        List.of(new LedgerEffect.Recall(HOLDER, OTHER)));
    }

    @Test
    void countsWhatIsSpentByWhoWasNeverGrantedAnything() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        for (var overrun : List.of(20L, 30L, 30L, 20L)) {
            ledger.handle(
                    new LedgerCommand.Report(HOLDER, List.of(totals(0, 0, overrun, 0, false))),
                    LATER);
        }

        var account = store.accounts.get(KEY);
        assertThat(account.overrunMicros()).isEqualTo(30);
        assertThat(account.remainingMicros()).isEqualTo(-20);
        assertThat(account.lease(HOLDER)).isNotNull();
        assertThat(account.seq()).as("opened with nothing, then each growth").isEqualTo(3);
    }

    @Test
    void countsOnceWhatIsToldOnlyAtTheClose() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        var last = new LedgerCommand.Close(HOLDER, totals(0, 0, 30, 0, true));
        for (var time = 0; time < 3; time++) {
            assertThat(ledger.handle(last, LATER))
                    .contains(new LedgerEffect.Closed(HOLDER, KEY, 1));
        }
        var again = new HolderId(HOLDER.logId(), 2);
        for (var time = 0; time < 2; time++) {
            ledger.handle(new LedgerCommand.Register(again, "pod0", List.of(last.totals())), LATER);
        }

        assertThat(store.accounts.get(KEY).overrunMicros()).isEqualTo(30);
        assertThat(store.accounts.get(KEY).leases()).isEmpty();
    }

    /** Its holder did not hear that the ledger before this one has closed the lease. */
    @Test
    void countsOnceWhatIsToldOnlyAtTheCloseAndThenToTheNextLedger() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        var last = new LedgerCommand.Close(HOLDER, totals(0, 0, 30, 0, true));
        ledger.handle(last, LATER);
        ledger = new LedgerService(store, 2);
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), LATER);
        var again = new HolderId(HOLDER.logId(), 2);

        var answer =
                ledger.handle(
                        new LedgerCommand.Register(again, "pod0", List.of(last.totals())), LATER);

        assertThat(answer).contains(new LedgerEffect.Closed(again, KEY, 1));
        assertThat(store.accounts.get(KEY).overrunMicros()).isEqualTo(30);
        assertThat(store.accounts.get(KEY).leases()).isEmpty();
    }

    /** The ledger gave it money, and it knows nothing of that. */
    @Test
    void countsOnceWhatIsToldAtTheCloseByAHolderWhoseGrantGotLost() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(KEY, 1, 5);
        var again = new HolderId(HOLDER.logId(), 2);
        for (var time = 0; time < 2; time++) {
            ledger.handle(
                    new LedgerCommand.Register(again, "pod0", List.of(totals(0, 0, 30, 0, true))),
                    LATER);
        }

        assertThat(store.accounts.get(KEY).overrunMicros()).isEqualTo(30);
        assertThat(store.accounts.get(KEY).leases()).isEmpty();
    }

    /** The write was made, but not answered; or it was an earlier ledger's last one. */
    @Test
    void tellsWhoWasRefusedOfMoneyThatCameBackUnnoticed() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ledger.tick(NOW);
        ask(KEY, 1, 10);
        assertThat(ask(KEY, 2, 10)).isInstanceOf(LedgerEffect.Denied.class);
        ledger.tick(NOW.plusSeconds(1));
        var account = store.accounts.get(KEY);
        var returned = new LeaseTotals(KEY, 1, 10, 0, 10, 0, 0, 1, false);
        var lease = account.lease(HOLDER).told(HOLDER, returned, 10);
        store.accounts.put(KEY, account.withLease(lease).written(1));

        assertThat(ledger.tick(NOW.plusSeconds(10))).isEmpty();
        assertThat(ledger.tick(NOW.plusSeconds(30)))
                .anySatisfy(
                        effect ->
                                assertThat(effect)
                                        .isInstanceOfSatisfying(
                                                LedgerEffect.State.class,
                                                state -> assertThat(state.freeAgain()).isTrue()));
    }

    /** Does not take what it is told to refuse of one account, nor answer so many reads of it. */
    private static final class Stubborn implements AccountStore {
        final Store store = new Store(Map.of(), StoreMood.WORKS);
        Predicate<Account> refuses = account -> false;
        Runnable meanwhile = () -> {};
        int unread;

        @Override
        public Read read(AccountKey key) {
            meanwhile.run();
            if (key.equals(KEY) && unread > 0) {
                unread--;
                return new Read.Unavailable("no answer");
            }
            return store.read(key);
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            return key.equals(KEY) && refuses.test(account)
                    ? new Write.Unavailable("refused")
                    : store.compareAndSet(key, version, account);
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

    private static final HolderId NEIGHBOUR = new HolderId("p1", 1);

    private static LedgerEffect asks(
            LedgerService ledger, HolderId holder, AccountKey key, Instant now) {
        return ledger.handle(new LedgerCommand.Acquire(holder, 1, key, 1, 1, true), now).getFirst();
    }

    private static boolean isDenied(LedgerEffect effect, DeniedReason reason) {
        return effect instanceof LedgerEffect.Denied denied && denied.reason() == reason;
    }

    @Test
    void anAccountThatItsStoreRefusesKeepsNoProxyFromItsOtherBudgets() {
        var stubborn = new Stubborn();
        ledger = new LedgerService(stubborn, 1);
        ledger.updateBudgets(
                List.of(LedgerModel.budget(10), budget("team-b/monthly", 10, null)), NOW);
        register();
        ask(KEY, 1, 4);
        stubborn.refuses = account -> account.lease(HOLDER) == null;
        var again = new HolderId(HOLDER.logId(), 2);
        ledger.handle(new LedgerCommand.Register(NEIGHBOUR, "pod1", List.of()), LATER);
        var last = totals(4, 3, 0, 1, true);

        var answer = ledger.handle(new LedgerCommand.Register(again, "pod0", List.of(last)), LATER);

        assertThat(answer)
                .contains(new LedgerEffect.Registered(again, true, ""))
                .as("what is not stored is not said to be")
                .noneMatch(effect -> effect instanceof LedgerEffect.Closed);
        assertThat(ledger.unstored()).containsExactly(KEY);
        assertThat(asks(ledger, again, OTHER, LATER)).isInstanceOf(LedgerEffect.Grant.class);
        for (var holder : List.of(again, NEIGHBOUR)) {
            assertThat(asks(ledger, holder, KEY, LATER))
                    .matches(effect -> isDenied(effect, DeniedReason.UNAVAILABLE));
        }

        stubborn.refuses = account -> false;
        ledger.tick(LATER);
        var stored = new ArrayList<LedgerEffect>();
        ledger.next(1).forEach(key -> ledger.turn(key, LATER, stored::addAll));
        assertThat(stored).contains(new LedgerEffect.Closed(again, KEY, 1));
        assertThat(ledger.unstored()).isEmpty();
        assertThat(stubborn.store.accounts.get(KEY).settledMicros()).isEqualTo(3);
        assertThat(asks(ledger, again, KEY, LATER)).isInstanceOf(LedgerEffect.Grant.class);
    }

    private static LedgerService anotherAfter(Store store) {
        var next = new LedgerService(store, 2);
        next.updateBudgets(List.of(LedgerModel.budget(10)), LATER);
        return next;
    }

    /** Its machine has started again: what its log had last may be lost. */
    @Test
    void whatAnEarlierStartLeftWithoutProofIsToldOnceAndStaysCharged() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(KEY, 1, 4);
        var second = new HolderId(HOLDER.logId(), 2);
        var found = totals(4, 1, 0, 1, false);

        var answer =
                ledger.handle(new LedgerCommand.Register(second, "pod0", List.of(found)), LATER);

        assertThat(answer).contains(new LedgerEffect.Closed(second, KEY, 1));
        var lease = store.accounts.get(KEY).lease(HOLDER);
        assertThat(lease.state()).isEqualTo(LeaseAccount.State.SUSPECT);
        assertThat(lease.settledMicros()).isEqualTo(1);
        assertThat(store.accounts.get(KEY).remainingMicros()).isEqualTo(6);

        var next = anotherAfter(store);
        next.handle(new LedgerCommand.Register(second, "pod0", List.of()), LATER);
        assertThat(next.frozen()).isEmpty();
        assertThat(store.accounts.get(KEY).remainingMicros()).isEqualTo(6);
    }

    @Test
    void whatAnEarlierStartLeftWithoutProofIsKeptByItsLogUntilItIsStored() {
        var stubborn = new Stubborn();
        ledger = new LedgerService(stubborn, 1);
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(KEY, 1, 4);
        stubborn.refuses = account -> true;
        var second = new HolderId(HOLDER.logId(), 2);
        var found = totals(4, 3, 0, 1, false);
        var answer =
                ledger.handle(new LedgerCommand.Register(second, "pod0", List.of(found)), LATER);
        assertThat(answer)
                .contains(new LedgerEffect.Registered(second, true, ""))
                .noneMatch(effect -> effect instanceof LedgerEffect.Closed);
        assertThat(ledger.unstored()).containsExactly(KEY);

        stubborn.refuses = account -> false;
        var stored = new ArrayList<LedgerEffect>();
        ledger.turn(KEY, LATER, stored::addAll);
        assertThat(stored).contains(new LedgerEffect.Closed(second, KEY, 1));
        assertThat(stubborn.store.accounts.get(KEY).lease(HOLDER).settledMicros()).isEqualTo(3);
        assertThat(stubborn.store.accounts.get(KEY).remainingMicros()).isEqualTo(6);
    }

    /** Its log knows of no grant, and an earlier ledger may be about to store one. */
    @Test
    void noEarlierLedgerGrantsWhatALaterStartWasToldToForget() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        ledger.handle(new LedgerCommand.Register(NEIGHBOUR, "pod1", List.of()), NOW);
        asks(ledger, NEIGHBOUR, KEY, NOW);
        var before = store.accounts.get(KEY);
        var granted = new LeaseAccount(HOLDER, 4, 0, 0, 0, 1, LeaseAccount.State.OPEN);
        var next = anotherAfter(store);
        var second = new HolderId(HOLDER.logId(), 2);
        var nothing = totals(0, 0, 0, 0, false);

        var answer =
                next.handle(new LedgerCommand.Register(second, "pod0", List.of(nothing)), LATER);

        assertThat(answer).contains(new LedgerEffect.Closed(second, KEY, 1));
        var late = before.withLease(granted).written(1);
        assertThat(store.compareAndSet(KEY, Long.toString(before.seq()), late))
                .isInstanceOf(AccountStore.Write.Conflict.class);
    }

    /** Nobody could prove its money unspent, whoever may still give it some. */
    @Test
    void aLeaseWithoutAGrantAndWithoutProofOpensNoAccount() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        var second = new HolderId(HOLDER.logId(), 2);
        var nothing = totals(0, 0, 0, 0, false);
        assertThat(
                        ledger.handle(
                                new LedgerCommand.Register(second, "pod0", List.of(nothing)),
                                LATER))
                .contains(new LedgerEffect.Closed(second, KEY, 1));
        assertThat(store.accounts).isEmpty();
    }

    /** What its holder told proves a grant that the store has forgotten. */
    @Test
    void anAccountGivesNothingBeforeWhatWasToldOfItIsComparedWithItsStore() {
        var stubborn = new Stubborn();
        ledger = new LedgerService(stubborn, 1);
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        ledger.handle(new LedgerCommand.Register(NEIGHBOUR, "pod1", List.of()), NOW);
        assertThat(asks(ledger, NEIGHBOUR, KEY, NOW)).isInstanceOf(LedgerEffect.Grant.class);
        stubborn.unread = 2; // at its Register, and in the account's turn
        register(totals(9, 8, 0, 7, false));
        assertThat(ledger.unstored()).containsExactly(KEY);
        assertThat(ledger.frozen()).as("nothing is proven yet").isEmpty();

        stubborn.unread = 1; // what was told goes first, and is not compared; then it answers
        var more = new LedgerCommand.Acquire(NEIGHBOUR, 2, KEY, 1, 1, true);
        assertThat(ledger.handle(more, LATER))
                .singleElement()
                .matches(effect -> isDenied(effect, DeniedReason.UNAVAILABLE));

        ledger.turn(KEY, LATER, effects -> {});
        assertThat(ledger.unstored()).isEmpty();
        assertThat(ledger.frozen()).containsExactly(KEY);
        assertThat(stubborn.store.accounts.get(KEY).remainingMicros()).isZero();
    }

    /** The store has forgotten the grant, and may be restored from a log that says so too. */
    @Test
    void aStoreIsNotSoundAndItsAccountStaysFrozenUntilAllThatProxiesToldIsStored() {
        var stubborn = new Stubborn();
        stubborn.refuses = account -> true;
        ledger = new LedgerService(stubborn, 1);
        var sound = new ArrayList<String>();
        ledger.whenHeardAll(sound::add);
        ledger.sound("model");
        ledger.freezeAll(NOW);
        ledger.updateBudgets(
                List.of(LedgerModel.budget(10), budget("team-b/monthly", 10, null)), NOW);
        ledger.handle(new LedgerCommand.Register(NEIGHBOUR, "pod1", List.of()), NOW);
        register(totals(10, 8, 0, 7, false));

        var later = NOW.plus(LedgerService.FREEZE_MIN);
        ledger.tick(later);
        ledger.tick(later.plus(LedgerService.FREEZE_MIN));
        assertThat(sound).isEmpty();
        assertThat(ledger.frozen()).containsExactly(KEY);
        assertThat(asks(ledger, NEIGHBOUR, OTHER, later)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(asks(ledger, NEIGHBOUR, KEY, later))
                .matches(effect -> isDenied(effect, DeniedReason.FROZEN));

        stubborn.refuses = account -> false;
        ledger.tick(later); // its second pause
        ledger.tick(later);
        ledger.next(1).forEach(key -> ledger.turn(key, later, effects -> {}));
        ledger.tick(later.plus(LedgerService.FREEZE_MIN));
        assertThat(sound).containsExactly("model");
        assertThat(ledger.frozen()).isEmpty();
        assertThat(stubborn.store.accounts.get(KEY).outstandingMicros()).isEqualTo(2);
        assertThat(asks(ledger, NEIGHBOUR, KEY, later.plus(LedgerService.FREEZE_MIN)))
                .as("all is granted")
                .isInstanceOf(LedgerEffect.Denied.class);
    }

    /** It counts as connected before all that it holds is known. */
    @Test
    void noFreezeEndsWhileTheLastProxyTellsWhatItHolds() {
        var stubborn = new Stubborn();
        ledger = new LedgerService(stubborn, 1, proxies -> proxies.contains("pod0"));
        ledger.freezeAll(NOW);
        ledger.updateBudgets(
                List.of(LedgerModel.budget(10), budget("team-b/monthly", 10, null)), NOW);
        ledger.handle(new LedgerCommand.Register(NEIGHBOUR, "pod1", List.of()), NOW);
        var later = NOW.plus(LedgerService.FREEZE_MIN);
        var answers = new ArrayList<LedgerEffect>();
        stubborn.meanwhile =
                () -> {
                    stubborn.meanwhile = () -> {};
                    ledger.endFreezes(later, answers::addAll);
                    answers.add(asks(ledger, NEIGHBOUR, OTHER, later));
                };

        register(totals(10, 8, 0, 7, false));
        assertThat(answers)
                .singleElement()
                .matches(effect -> isDenied(effect, DeniedReason.FROZEN));

        ledger.tick(later);
        ledger.tick(later.plus(LedgerService.FREEZE_MIN));
        var after = later.plus(LedgerService.FREEZE_MIN);
        assertThat(asks(ledger, NEIGHBOUR, OTHER, after)).isInstanceOf(LedgerEffect.Grant.class);
    }

    @Test
    void oneAccountThatBreaksARuleKeepsNobodyFromTheOthersAndNoTickFromItsEnd() {
        ledger.updateBudgets(
                List.of(LedgerModel.budget(10), budget("team-b/monthly", 10, null)), NOW);
        register();
        ask(KEY, 1, 1);
        ask(OTHER, 2, 1);
        store.accounts.put(KEY, withEpoch(store.accounts.get(KEY), 9));
        var next = new LedgerService(store, 2);
        var failed = new ArrayList<AccountKey>();
        next.whenFailed((account, bug) -> failed.add(account));
        next.updateBudgets(
                List.of(LedgerModel.budget(10), budget("team-b/monthly", 10, null)), LATER);

        var second = new HolderId(HOLDER.logId(), 2);
        var effects = next.handle(new LedgerCommand.Register(second, "pod0", List.of()), LATER);
        assertThat(effects).contains(new LedgerEffect.Registered(second, true, ""));
        assertThat(failed).containsExactly(KEY);
        assertThat(store.accounts.get(OTHER).lease(HOLDER).state())
                .isEqualTo(LeaseAccount.State.SUSPECT);

        next.tick(LATER.plusSeconds(1));
        assertThat(failed).hasSizeGreaterThan(1).containsOnly(KEY);
    }

    /** Its log may have come from a copy, or its next start tells what its log still has. */
    @Test
    void whatOnlyAnEarlierStartCouldProveWaitsForNobodyOnceALaterOneHasToldAll() {
        var stubborn = new Stubborn();
        ledger = new LedgerService(stubborn, 1);
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(KEY, 1, 4);
        stubborn.refuses = account -> true;
        var second = new HolderId(HOLDER.logId(), 2);
        ledger.handle(
                new LedgerCommand.Register(second, "pod0", List.of(totals(4, 3, 0, 1, true))),
                LATER);
        assertThat(ledger.unstored()).containsExactly(KEY);

        stubborn.refuses = account -> false;
        ledger.tick(LATER);
        assertThat(stubborn.store.accounts.get(KEY).lease(HOLDER).state())
                .as("its mark is made when the store lets it")
                .isEqualTo(LeaseAccount.State.SUSPECT);
        var third = new HolderId(HOLDER.logId(), 3);
        ledger.handle(new LedgerCommand.Register(third, "pod0", List.of()), LATER);
        assertThat(ledger.unstored()).isEmpty();
    }

    @Test
    void refusesWhoRegistersIfAnAccountBreaksARule() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ask(KEY, 1, 1);
        store.accounts.put(KEY, withEpoch(store.accounts.get(KEY), 9));
        var next = new LedgerService(store, 2);
        next.updateBudgets(List.of(LedgerModel.budget(10)), LATER);
        var failed = new ArrayList<HolderId>();
        next.whenRegisterFailed((holder, bug) -> failed.add(holder));

        var sent = new ArrayList<LedgerEffect>();
        next.takeIn(
                new LedgerCommand.Register(HOLDER, "pod0", List.of(totals(1, 1, 0, 1, true))),
                LATER,
                sent::addAll);

        assertThat(sent)
                .singleElement()
                .isInstanceOfSatisfying(
                        LedgerEffect.Registered.class,
                        answer -> {
                            assertThat(answer.accepted()).isFalse();
                            assertThat(answer.reason()).contains("epoch 9");
                        });
        assertThat(next.connected()).isEmpty();
        assertThat(failed).as("it is told").containsExactly(HOLDER);
    }

    @Test
    void keepsTheLastHoldersThatClosedALeaseWithoutMoney() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        var holders = new ArrayList<HolderId>();
        for (var i = 0; i <= Account.MAX_CLOSED; i++) {
            var holder = new HolderId("log" + i, 1);
            holders.add(holder);
            ledger.handle(new LedgerCommand.Register(holder, "pod" + i, List.of()), LATER);
            ledger.handle(new LedgerCommand.Close(holder, totals(0, 0, 1, 0, true)), LATER);
        }

        var account = store.accounts.get(KEY);
        assertThat(account.closed()).isEqualTo(holders.subList(1, holders.size()));
        assertThat(account.overrunMicros()).isEqualTo(holders.size());
    }

    @Test
    void countsOnceWhatWasToldBeforeItsCloseAndIsToldAgainAfterIt() {
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ledger.handle(new LedgerCommand.Report(HOLDER, List.of(totals(0, 0, 20, 0, false))), LATER);
        var again = new HolderId(HOLDER.logId(), 2);
        for (var time = 0; time < 2; time++) {
            ledger.handle(
                    new LedgerCommand.Register(again, "pod0", List.of(totals(0, 0, 30, 0, true))),
                    LATER);
        }

        assertThat(store.accounts.get(KEY).overrunMicros()).isEqualTo(30);
        assertThat(store.accounts.get(KEY).leases()).isEmpty();
    }

    @Test
    void freezesWhenTheStoreIsAnotherThanTheOneThatWasJudgedSound() {
        ledger = new LedgerService(store, 1);
        ledger.sound("what it was before");
        ledger.updateBudgets(List.of(LedgerModel.budget(10)), NOW);
        register();
        ledger.tick(LATER);

        assertThat(ask(KEY, 1, 5))
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.FROZEN));
    }

    private static final HolderId AGAIN = new HolderId(HOLDER.logId(), 2);

    /** A new ledger, which knows nothing, of a store that has nothing any more. */
    private void forgetsAll() {
        ledger.freezeAll(NOW);
        ledger.updateBudgets(List.of(LedgerModel.budget(1_000)), NOW);
    }

    private List<LedgerEffect> neighbourRegisters() {
        var open = new LeaseTotals(KEY, 1, 10, 0, 0, 0, 0, 20, false);
        return ledger.handle(new LedgerCommand.Register(NEIGHBOUR, "pod1", List.of(open)), LATER);
    }

    private List<LedgerEffect> registersAgain(LeaseTotals... leases) {
        return ledger.handle(new LedgerCommand.Register(AGAIN, "pod0", List.of(leases)), LATER);
    }

    /** Of two holders the other one has seen the later number, and may come first. */
    @Test
    void whatAFrozenAccountIsRebuiltToDoesNotDependOnWhoRegistersFirst() {
        forgetsAll();
        neighbourRegisters();
        for (var time = 0; time < 2; time++) {
            assertThat(registersAgain(totals(100, 100, 0, 8, true)))
                    .contains(new LedgerEffect.Closed(AGAIN, KEY, 1));
            neighbourRegisters();
        }
        var account = store.accounts.get(KEY);
        assertThat(account.settledMicros()).isEqualTo(100);
        assertThat(account.outstandingMicros()).isEqualTo(10);

        store.accounts.clear();
        ledger = new LedgerService(store, 2);
        forgetsAll();
        registersAgain(totals(100, 100, 0, 8, true));
        neighbourRegisters();
        var other = store.accounts.get(KEY);
        assertThat(other.settledMicros()).isEqualTo(100);
        assertThat(other.leases()).isEqualTo(account.leases());
    }

    @Test
    void aLeaseThatIsClosedInTheFreezeCountsOnceHoweverOftenItIsTold() {
        forgetsAll();
        neighbourRegisters();
        var last = new LeaseTotals(KEY, 1, 10, 7, 0, 0, 0, 20, true);
        for (var start = 2; start < 5; start++) {
            var next = new HolderId(NEIGHBOUR.logId(), start);
            assertThat(
                            ledger.handle(
                                    new LedgerCommand.Register(next, "pod1", List.of(last)), LATER))
                    .contains(new LedgerEffect.Closed(next, KEY, 1));
        }
        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(7);
        assertThat(store.accounts.get(KEY).leases()).isEmpty();
    }

    @Test
    void whatTheStoreStillHasCountedOfAFrozenAccountIsNotCountedAgain() {
        ledger.updateBudgets(List.of(LedgerModel.budget(1_000)), NOW);
        register();
        ask(KEY, 1, 100);
        var last = totals(100, 60, 0, 1, true);
        ledger.handle(new LedgerCommand.Close(HOLDER, last), NOW);
        ledger = new LedgerService(store, 2);
        forgetsAll();
        neighbourRegisters();

        assertThat(registersAgain(last)).contains(new LedgerEffect.Closed(AGAIN, KEY, 1));
        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(60);
    }

    /** It may close leases until the next one has written the account. */
    @Test
    void whatAnEarlierLeaderClosesInTheFreezeOfTheNextIsNotCountedAgain() {
        var budgets = List.of(LedgerModel.budget(1_000));
        ledger.updateBudgets(budgets, NOW);
        ledger.handle(new LedgerCommand.Register(NEIGHBOUR, "pod1", List.of()), NOW);
        ledger.handle(new LedgerCommand.Acquire(NEIGHBOUR, 1, KEY, 10, 10, true), NOW);
        register();
        var open = new LeaseTotals(KEY, 1, 10, 0, 0, 0, 0, store.accounts.get(KEY).seq(), false);
        var next = new LedgerService(store, 2);
        next.freezeAll(NOW);
        next.updateBudgets(budgets, NOW);
        next.handle(new LedgerCommand.Register(NEIGHBOUR, "pod1", List.of(open)), NOW);

        assertThat(ask(KEY, 1, 100)).isInstanceOf(LedgerEffect.Grant.class);
        var last = totals(100, 60, 0, store.accounts.get(KEY).seq(), true);
        ledger.handle(new LedgerCommand.Close(HOLDER, last), NOW);
        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(60);

        ledger = next;
        assertThat(registersAgain(last)).contains(new LedgerEffect.Closed(AGAIN, KEY, 1));
        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(60);
    }

    @Test
    void anEarlierLeaseWithoutProofIsRestoredThoughAnotherHolderHasSeenMore() {
        forgetsAll();
        neighbourRegisters();
        for (var time = 0; time < 2; time++) {
            registersAgain(totals(100, 30, 0, 8, false));
        }

        var account = store.accounts.get(KEY);
        assertThat(account.settledMicros()).isEqualTo(30);
        assertThat(account.lease(HOLDER).outstandingMicros()).isEqualTo(70);
        assertThat(account.lease(HOLDER).state()).isEqualTo(LeaseAccount.State.SUSPECT);
    }

    @Test
    void whatTheStoreRefusedAtFirstCountsThoughTheNextLeaseOfTheSameLogWasRestored() {
        var stubborn = new Stubborn();
        ledger = new LedgerService(stubborn, 1);
        forgetsAll();
        stubborn.refuses = account -> account.lease(HOLDER) != null;
        var own = new LeaseTotals(KEY, 2, 10, 0, 0, 0, 0, 20, false);
        registersAgain(totals(100, 100, 0, 8, true), own);
        assertThat(ledger.unstored()).containsExactly(KEY);
        assertThat(stubborn.store.accounts.get(KEY).lease(AGAIN)).isNotNull();

        stubborn.refuses = account -> false;
        var stored = new ArrayList<LedgerEffect>();
        ledger.turn(KEY, LATER, stored::addAll);

        assertThat(stored).contains(new LedgerEffect.Closed(AGAIN, KEY, 1));
        assertThat(stubborn.store.accounts.get(KEY).settledMicros()).isEqualTo(100);
    }

    /** By then it has numbers that no holder has told of. */
    @Test
    void whatIsToldAgainAfterTheThawIsCountedAlready() {
        forgetsAll();
        neighbourRegisters();
        var last = totals(100, 100, 0, 8, true);
        registersAgain(last);
        ledger.tick(LATER.plus(LedgerService.FREEZE_MIN));
        ledger.tick(LATER.plus(LedgerService.FREEZE_MIN).plus(LedgerService.FREEZE_MIN));
        assertThat(ledger.frozen()).isEmpty();

        registersAgain(last);
        assertThat(ledger.frozen()).isEmpty();
        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(100);
    }

    /** It comes within the freeze, of a store that is not called sound yet. */
    private void nextLeader() {
        ledger = new LedgerService(store, ledgers++);
        ledger.updateBudgets(List.of(LedgerModel.budget(100)), LATER);
    }

    private int ledgers = 2;

    /** The store has nothing any more; the next ledger hears so from one of two holders. */
    private void forgetsAllAndHearsOfOneLease() {
        ledger.updateBudgets(List.of(LedgerModel.budget(100)), NOW);
        neighbourRegisters();
        assertThat(ledger.frozen()).containsExactly(KEY);
    }

    private void thaws() {
        ledger.tick(LATER);
        var end = LATER.plus(LedgerService.FREEZE_MIN);
        ledger.tick(end.minusSeconds(1));
        assertThat(ledger.frozen()).containsExactly(KEY);
        ledger.tick(end);
        assertThat(ledger.frozen()).isEmpty();
    }

    private static final Instant THAWED = LATER.plus(LedgerService.FREEZE_MIN);

    @Test
    void whatOnlyTheNextLeaderIsToldOfInTheFreezeIsNotGrantedTwice() {
        forgetsAllAndHearsOfOneLease();

        nextLeader();
        ledger.freezeAll(LATER);
        neighbourRegisters();
        registersAgain(totals(90, 90, 0, 8, true));

        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(90);
        thaws();
        assertThat(asks(ledger, AGAIN, KEY, THAWED))
                .as("90 and 10")
                .isInstanceOf(LedgerEffect.Denied.class);
    }

    @Test
    void theNextLeaderGivesNothingOutOfAnAccountThatIsBeingRebuilt() {
        forgetsAllAndHearsOfOneLease();

        nextLeader();
        var welcome = neighbourRegisters();

        assertThat(welcome).contains(new LedgerEffect.Freeze(NEIGHBOUR, KEY, true));
        assertThat(ledger.frozen()).containsExactly(KEY);
        assertThat(asks(ledger, NEIGHBOUR, KEY, LATER))
                .matches(effect -> isDenied(effect, DeniedReason.FROZEN));
        registersAgain(totals(90, 90, 0, 8, true));
        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(90);
        thaws();
        assertThat(asks(ledger, NEIGHBOUR, KEY, THAWED)).isInstanceOf(LedgerEffect.Denied.class);

        nextLeader();
        assertThat(ledger.frozen()).as("it was thawed for all").isEmpty();
    }

    @Test
    void aLeaseThatOneLeaderClosesInTheFreezeIsNotCountedAgainByTheNext() {
        forgetsAllAndHearsOfOneLease();
        var last = totals(50, 50, 0, 28, true);
        assertThat(registersAgain(last)).contains(new LedgerEffect.Closed(AGAIN, KEY, 1));

        for (var leader = 0; leader < 2; leader++) {
            nextLeader();
            assertThat(registersAgain(last)).contains(new LedgerEffect.Closed(AGAIN, KEY, 1));
        }

        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(50);
        assertThat(store.accounts.get(KEY).leases()).hasSize(1);
    }

    /** Its number is the one before all that it has restored, whatever else is written. */
    @Test
    void whatIsWrittenInTheFreezeSaysNothingOfWhatTheStoreHasForgotten() {
        ledger.updateBudgets(List.of(LedgerModel.budget(100)), NOW);
        ledger.handle(new LedgerCommand.Register(NEIGHBOUR, "pod1", List.of()), NOW);
        asks(ledger, NEIGHBOUR, KEY, NOW);
        nextLeader();
        ledger.freezeAll(LATER);
        for (var amount = 101; amount < 105; amount++) {
            ledger.updateBudgets(List.of(LedgerModel.budget(amount)), LATER);
        }
        assertThat(store.accounts.get(KEY).seq()).isEqualTo(5);

        nextLeader();
        ledger.freezeAll(LATER);
        registersAgain(totals(90, 90, 0, 3, true));

        assertThat(store.accounts.get(KEY).settledMicros()).isEqualTo(90);
    }

    @Test
    void anAccountStaysFrozenUntilItsStoreHasTakenThatItIsNot() {
        var stubborn = new Stubborn();
        ledger = new LedgerService(stubborn, 1);
        forgetsAllAndHearsOfOneLease();
        stubborn.refuses = account -> true;

        var told = ledger.tick(LATER.plus(LedgerService.FREEZE_MIN));
        assertThat(told).noneMatch(effect -> effect instanceof LedgerEffect.Freeze);
        assertThat(ledger.frozen()).containsExactly(KEY);
        assertThat(asks(ledger, NEIGHBOUR, KEY, THAWED))
                .matches(effect -> isDenied(effect, DeniedReason.FROZEN));

        stubborn.refuses = account -> false;
        assertThat(ledger.tick(THAWED.plusSeconds(1)))
                .contains(new LedgerEffect.Freeze(NEIGHBOUR, KEY, false));
        assertThat(ledger.frozen()).isEmpty();
        assertThat(asks(ledger, NEIGHBOUR, KEY, THAWED)).isInstanceOf(LedgerEffect.Grant.class);
    }
}
