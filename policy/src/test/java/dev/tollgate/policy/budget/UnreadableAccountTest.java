package dev.tollgate.policy.budget;

import static dev.tollgate.policy.budget.LedgerModel.KEY;
import static dev.tollgate.policy.budget.LedgerModel.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.budget.LedgerModel.Store;
import dev.tollgate.policy.budget.LedgerModel.StoreMood;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An account that its store has and nobody can read gives nothing, and is in nobody's way. */
class UnreadableAccountTest {

    private static final AccountKey OTHER =
            AccountKey.parse("team-b/monthly//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");
    private static final HolderId FIRST = new HolderId("p0", 1);
    private static final HolderId AGAIN = new HolderId("p0", 2);
    private static final HolderId NEIGHBOUR = new HolderId("p1", 1);
    private static final List<BudgetEntry> BUDGETS =
            List.of(
                    LedgerModel.budget(10),
                    BudgetBuilder.as(LedgerModel.budget(10), "team-b/monthly").build());

    /** The account of {@code KEY} cannot be read while it is spoilt. */
    private static final class Spoilt implements AccountStore {
        final Store store = new Store(Map.of(), StoreMood.WORKS);
        boolean spoilt;

        /** Also its key. */
        boolean nameless;

        private Damaged damaged(boolean named) {
            var epoch = store.accounts.get(KEY).epoch();
            return new Damaged(named ? KEY : null, "object-1", epoch, "its leases are no leases");
        }

        @Override
        public Read read(AccountKey key) {
            return spoilt && key.equals(KEY) ? new Read.Unreadable(damaged(true)) : store.read(key);
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            return store.compareAndSet(key, version, account);
        }

        @Override
        public Listing list(String prefix) {
            var all = ((Listing.Ok) store.list(prefix)).accounts();
            return spoilt
                    ? new Listing.Ok(
                            all.stream().filter(v -> !v.account().key().equals(KEY)).toList(),
                            List.of(damaged(!nameless)))
                    : new Listing.Ok(all);
        }

        @Override
        public Identity identity() {
            return store.identity();
        }
    }

    private final Spoilt store = new Spoilt();
    private LedgerService ledger = new LedgerService(store, 1);

    /** An earlier ledger has given four of ten to the first start of a log. */
    @BeforeEach
    void granted() {
        ledger.updateBudgets(BUDGETS, NOW);
        register(FIRST);
        assertThat(ask(FIRST, KEY, 4)).isInstanceOf(LedgerEffect.Grant.class);
        store.spoilt = true;
        ledger = new LedgerService(store, 2);
    }

    private List<LedgerEffect> register(HolderId holder, LeaseTotals... leases) {
        return ledger.handle(
                new LedgerCommand.Register(holder, "pod-" + holder.logId(), List.of(leases)), NOW);
    }

    private LedgerEffect ask(HolderId holder, AccountKey key, long micros) {
        return ledger
                .handle(new LedgerCommand.Acquire(holder, 1, key, micros, micros, true), NOW)
                .stream()
                .filter(
                        effect ->
                                effect instanceof LedgerEffect.Grant
                                        || effect instanceof LedgerEffect.Denied)
                .findFirst()
                .orElseThrow();
    }

    private static LeaseTotals last(long amount, long settled, long seq) {
        return new LeaseTotals(KEY, 1, amount, settled, 0, 0, 0, seq, true);
    }

    private void start() {
        ledger.updateBudgets(BUDGETS, NOW);
    }

    private void mend() {
        store.spoilt = false;
    }

    /** Nobody asks for it. */
    private Instant waitUntilItIsReadAgain() {
        ledger.tick(NOW);
        var last = NOW.plusSeconds(20); // all accounts are read once more
        ledger.tick(last);
        mend();
        var later = last.plus(AccountBook.DAMAGED_AGAIN_AFTER);
        ledger.tick(later.minusSeconds(1));
        assertThat(ledger.unreadable()).as("not each second").isNotEmpty();
        ledger.tick(later);
        return later;
    }

    @Test
    void theLedgerBeginsWithTheOthersAndItGivesNothing() {
        start();
        assertThat(register(NEIGHBOUR)).contains(new LedgerEffect.Registered(NEIGHBOUR, true, ""));

        assertThat(ledger.unreadable()).containsExactly(store.damaged(true));
        assertThat(ask(NEIGHBOUR, OTHER, 1)).isInstanceOf(LedgerEffect.Grant.class);
        assertThat(ask(NEIGHBOUR, KEY, 1))
                .isInstanceOfSatisfying(
                        LedgerEffect.Denied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(DeniedReason.UNAVAILABLE));
        assertThat(store.store.accounts.get(KEY).leases()).hasSize(1);
    }

    @Test
    void itIsReadAgainWhenSomebodyAsks() {
        start();
        register(NEIGHBOUR);
        mend();
        assertThat(ask(NEIGHBOUR, KEY, 7)).isInstanceOf(LedgerEffect.Denied.class);
        assertThat(ask(NEIGHBOUR, KEY, 6))
                .as("four of ten are lent already")
                .isInstanceOf(LedgerEffect.Grant.class);
        assertThat(ledger.unreadable()).isEmpty();
    }

    @Test
    void itIsReadAgainNowAndThenAndWhatALogLostIsMarkedThen() {
        start();
        register(AGAIN);
        var later = waitUntilItIsReadAgain();

        assertThat(ledger.unreadable()).isEmpty();
        assertThat(ledger.accounts()).extracting(Account::key).contains(KEY);
        ledger.tick(later.plusSeconds(1));
        assertThat(store.store.accounts.get(KEY).lease(FIRST).state())
                .isEqualTo(LeaseAccount.State.SUSPECT);
    }

    @Test
    void whatWasToldOfItIsStoredOnceItCanBeRead() {
        start();
        assertThat(register(AGAIN, last(4, 3, 1)))
                .contains(new LedgerEffect.Registered(AGAIN, true, ""))
                .noneMatch(effect -> effect instanceof LedgerEffect.Closed);
        assertThat(ledger.unstored()).containsExactly(KEY);

        mend();
        var stored = new ArrayList<LedgerEffect>();
        ledger.tick(NOW);
        ledger.next(1).forEach(key -> ledger.turn(key, NOW, stored::addAll));
        assertThat(stored).contains(new LedgerEffect.Closed(AGAIN, KEY, 1));
        assertThat(store.store.accounts.get(KEY).settledMicros()).isEqualTo(3);
        assertThat(ledger.unstored()).isEmpty();
    }

    /** Its Budget is gone, and its holder never heard of the grant. */
    @Test
    void nobodyIsToldThatALeaseIsClosedWhichMayBeInIt() {
        for (var nameless : List.of(false, true)) {
            store.spoilt = true;
            store.nameless = nameless;
            ledger = new LedgerService(store, 2);
            ledger.updateBudgets(List.of(), NOW);
            assertThat(register(AGAIN, last(0, 0, 0)))
                    .as("nameless: " + nameless)
                    .noneMatch(effect -> effect instanceof LedgerEffect.Closed);
        }
        mend();
        var stored = new ArrayList<LedgerEffect>();
        ledger.tick(NOW);
        ledger.next(1).forEach(key -> ledger.turn(key, NOW, stored::addAll));
        assertThat(stored).contains(new LedgerEffect.Closed(AGAIN, KEY, 1));
        assertThat(store.store.accounts.get(KEY).leases()).isEmpty();
    }

    /** More than 35 days after its window: an account that is not known then was forgotten. */
    @Test
    void theProofOfAnOldLeaseIsKeptToo() {
        var old = KEY.window().end().plus(Retention.KEPT);
        var spentAhead = new LeaseTotals(KEY, 1, 0, 0, 0, 3, 0, 0, true);
        for (var nameless : List.of(false, true)) {
            for (var totals : List.of(last(4, 3, 1), last(0, 0, 0), spentAhead)) {
                store.nameless = nameless;
                ledger = new LedgerService(store, 2);
                ledger.updateBudgets(List.of(), old);
                var register = new LedgerCommand.Register(AGAIN, "pod-p0", List.of(totals));
                assertThat(ledger.handle(register, old))
                        .as("nameless: %s, %s", nameless, totals)
                        .contains(new LedgerEffect.Registered(AGAIN, true, ""))
                        .noneMatch(effect -> effect instanceof LedgerEffect.Closed);
                assertThat(ledger.unstored()).containsExactly(KEY);
            }
        }
        mend();
        var stored = new ArrayList<LedgerEffect>();
        ledger.tick(old);
        ledger.next(1).forEach(key -> ledger.turn(key, old, stored::addAll));
        assertThat(stored).contains(new LedgerEffect.Closed(AGAIN, KEY, 1));
        assertThat(store.store.accounts.get(KEY).overrunMicros()).isEqualTo(3);
        assertThat(store.store.accounts.get(KEY).leases()).isEmpty();
    }

    /** Whose grant got lost, and who closes while it is connected. */
    @Test
    void aCloseOfAnOldLeaseIsAnsweredOnceItIsStored() {
        var old = KEY.window().end().plus(Retention.KEPT);
        ledger.updateBudgets(List.of(), old);
        ledger.handle(new LedgerCommand.Register(FIRST, "pod-p0", List.of()), old);
        var close = new LedgerCommand.Close(FIRST, last(0, 0, 0));
        assertThat(ledger.handle(close, old)).isEmpty();
        assertThat(store.store.accounts.get(KEY).leases()).hasSize(1);

        mend();
        var stored = new ArrayList<LedgerEffect>();
        for (var second = 0; second < Inbox.PAUSE_TICKS_MAX; second++) {
            ledger.tick(old);
        }
        ledger.next(1).forEach(key -> ledger.turn(key, old, stored::addAll));
        assertThat(stored).contains(new LedgerEffect.Closed(FIRST, KEY, 1));
        assertThat(store.store.accounts.get(KEY).leases()).isEmpty();
    }

    /** Else each message of each proxy would be a read of the store. */
    @Test
    void whatIsToldOfItIsTriedAgainAfterPausesThatGrow() {
        start();
        var register = new LedgerCommand.Register(AGAIN, "pod-p0", List.of(last(4, 3, 1)));
        assertThat(ledger.takeIn(register, NOW, effects -> {})).isEmpty();
        var turns = new ArrayList<Integer>();
        for (var second = 0; second < 47; second++) {
            for (var next : ledger.next(1)) {
                turns.add(second);
                ledger.turn(next, NOW, effects -> {});
            }
            ledger.tick(NOW);
        }
        assertThat(turns).containsExactly(0, 1, 3, 7, 15, 31);
    }

    @Test
    void whichAccountItIsIsKnownOnceSomebodyAsksForIt() {
        store.nameless = true;
        start();
        register(NEIGHBOUR);
        assertThat(ledger.unreadable()).extracting(AccountStore.Damaged::key).containsOnlyNulls();
        ask(NEIGHBOUR, KEY, 1);
        ledger.tick(NOW);
        ledger.tick(NOW.plusSeconds(1));
        assertThat(ledger.unreadable())
                .as("also after the next list")
                .extracting(AccountStore.Damaged::key)
                .containsExactly(KEY);
    }

    @Test
    void nothingOfItIsReclaimedYet() {
        start();
        register(NEIGHBOUR);
        assertThat(ledger.reclaim("team-a/monthly", FIRST, NOW, effects -> {}))
                .isInstanceOf(Reclaimed.Unavailable.class);
        mend();
        ask(NEIGHBOUR, KEY, 1);
        assertThat(ledger.reclaim("team-a/monthly", FIRST, NOW, effects -> {}))
                .isEqualTo(new Reclaimed.Done(0, 4));
    }

    @Test
    void aLaterLedgersWriteFencesAnEarlierOneAlsoIfItCannotBeRead() {
        var outrun = new ArrayList<Long>();
        var earlier = new FencedStore(store, 0, outrun::add);
        assertThat(earlier.read(KEY)).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(earlier.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(outrun).containsExactly(1L, 1L);
    }
}
