package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;

/** What every account store must do while nothing is wrong with it. */
abstract class SoundStoreContract {

    static final long LIMIT = 1_000;
    static final HolderId HOLDER = new HolderId("log-1", 1);
    private static final Duration WITHIN = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(10);
    static final int WRITERS = 8;
    private static final int WRITES_EACH = 10;
    private static final Window MONTH =
            new Window(
                    Instant.parse("2026-11-01T00:00:00Z"), Instant.parse("2026-12-01T00:00:00Z"));

    /** The store under test; the same one within a test. */
    protected abstract AccountStore store();

    /** The same store as a new process would see it. */
    protected abstract AccountStore reopened() throws Exception;

    protected static AccountKey key(String name) {
        return AccountKey.of("team-a/" + name, "", MONTH);
    }

    protected static Account account(AccountKey key, long seq) {
        return new Account(key, 1_000_000, 0, 0, 0, null, seq, 1, List.of(), List.of());
    }

    /** Of {@code key("a")}; {@code granted} to one lease. */
    protected static Account with(long seq, long epoch, long limit, long settled, long granted) {
        var lease = new LeaseAccount(HOLDER, granted, 0, 0, 0, 1, LeaseAccount.State.OPEN);
        return new Account(
                key("a"),
                limit,
                settled,
                0,
                0,
                null,
                seq,
                epoch,
                granted == 0 ? List.of() : List.of(lease),
                List.of());
    }

    final String create(AccountKey key) {
        return written(account(key, 1), AccountStore.ABSENT);
    }

    /** Its version. */
    protected final String written(Account account, String version) {
        var write = store().compareAndSet(account.key(), version, account);
        assertThat(write).isInstanceOf(AccountStore.Write.Ok.class);
        return ((AccountStore.Write.Ok) write).version();
    }

    /** As soon as the store answers: connections may have to be made again. */
    protected final AccountStore.Versioned stored(AccountKey key) {
        var read =
                patiently().until(() -> store().read(key), AccountStore.Read.Ok.class::isInstance);
        return ((AccountStore.Read.Ok) read).versioned();
    }

    static ConditionFactory patiently() {
        return await().atMost(WITHIN).pollDelay(Duration.ZERO).pollInterval(POLL);
    }

    static AccountStore.Versioned read(AccountStore store, AccountKey key) {
        var read = store.read(key);
        assertThat(read).isInstanceOf(AccountStore.Read.Ok.class);
        return ((AccountStore.Read.Ok) read).versioned();
    }

    @Test
    void readsAbsentBeforeTheFirstWrite() {
        assertThat(store().read(key("a"))).isInstanceOf(AccountStore.Read.Absent.class);
    }

    @Test
    void readsWhatWasWrittenWithTheVersionOfTheWrite() {
        var version = create(key("a"));
        var read = read(store(), key("a"));
        assertThat(read.account()).isEqualTo(account(key("a"), 1));
        assertThat(read.version()).isEqualTo(version);
    }

    @Test
    void refusesASecondCreation() {
        create(key("a"));
        var second = store().compareAndSet(key("a"), AccountStore.ABSENT, account(key("a"), 1));
        assertThat(second).isInstanceOf(AccountStore.Write.Conflict.class);
    }

    @Test
    void refusesAStaleVersionAndChangesNothing() {
        var first = create(key("a"));
        var written = store().compareAndSet(key("a"), first, account(key("a"), 2));
        assertThat(written).isInstanceOf(AccountStore.Write.Ok.class);
        var stale = store().compareAndSet(key("a"), first, account(key("a"), 2));
        assertThat(stale).isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(read(store(), key("a")).account().seq()).isEqualTo(2);
    }

    @Test
    void refusesAVersionOfAnAccountThatIsAbsent() {
        var version = create(key("a"));
        var write = store().compareAndSet(key("b"), version, account(key("b"), 1));
        assertThat(write).isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(store().read(key("b"))).isInstanceOf(AccountStore.Read.Absent.class);
    }

    @Test
    void listsByPrefixInTheOrderOfKeys() {
        create(key("c"));
        create(key("ab"));
        create(key("a"));
        var listing = store().list("team-a/a");
        assertThat(listing).isInstanceOf(AccountStore.Listing.Ok.class);
        assertThat(((AccountStore.Listing.Ok) listing).accounts())
                .extracting(v -> v.account().key().name())
                .containsExactly("a", "ab");
        assertThat(((AccountStore.Listing.Ok) store().list("team-a/a/")).accounts()).hasSize(1);
        assertThat(((AccountStore.Listing.Ok) store().list("")).accounts()).hasSize(3);
    }

    @Test
    void losesNoUpdateOfConcurrentWriters() throws Exception {
        create(key("a"));
        var tasks = new ArrayList<Callable<Void>>();
        for (var writer = 0; writer < WRITERS; writer++) {
            tasks.add(
                    () -> {
                        for (var done = 0; done < WRITES_EACH; ) {
                            var read = read(store(), key("a"));
                            var next = account(key("a"), read.account().seq() + 1);
                            var write = store().compareAndSet(key("a"), read.version(), next);
                            if (write instanceof AccountStore.Write.Ok) {
                                done++;
                            }
                        }
                        return null;
                    });
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> done : threads.invokeAll(tasks)) {
                done.get();
            }
        }
        assertThat(read(store(), key("a")).account().seq()).isEqualTo(1 + WRITERS * WRITES_EACH);
    }

    @Test
    void keepsEverythingOverARestart() throws Exception {
        var version = create(key("a"));
        var identity = store().identity();
        var again = reopened();
        assertThat(read(again, key("a")).account()).isEqualTo(account(key("a"), 1));
        assertThat(again.identity()).isEqualTo(identity);
        assertThat(again.compareAndSet(key("a"), version, account(key("a"), 2)))
                .isInstanceOf(AccountStore.Write.Ok.class);
    }

    @Test
    void refusesToMoveAnAccountToAnotherKey() {
        var version = create(key("a"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store().compareAndSet(key("a"), version, account(key("b"), 2)));
        assertThat(stored(key("a")).account()).isEqualTo(account(key("a"), 1));
    }

    @Test
    void deletesOnlyWhatStillIsAsItWasRead() throws Exception {
        var first = create(key("a"));
        var second = written(account(key("a"), 2), first);
        assertThat(store().delete(key("a"), first)).isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(reopened().read(key("a"))).isInstanceOf(AccountStore.Read.Ok.class);
        assertThat(store().delete(key("a"), second)).isInstanceOf(AccountStore.Write.Ok.class);
        assertThat(reopened().read(key("a"))).isInstanceOf(AccountStore.Read.Absent.class);
        assertThat(store().list("")).isEqualTo(new AccountStore.Listing.Ok(List.of()));
        assertThat(store().delete(key("a"), second))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(store().delete(key("b"), second))
                .isInstanceOf(AccountStore.Write.Conflict.class);
    }

    @Test
    void takesADeletionForNoLossAndTheAccountWhenItIsMadeAnew() throws Exception {
        create(key("b"));
        var other = reopened();
        assertThat(other.list("")).isInstanceOf(AccountStore.Listing.Ok.class);
        var version = create(key("a"));
        assertThat(read(other, key("a")).version()).isEqualTo(version);
        var identity = store().identity();
        assertThat(store().delete(key("a"), version)).isInstanceOf(AccountStore.Write.Ok.class);
        assertThat(store().identity()).isEqualTo(identity);
        assertThat(other.identity()).isEqualTo(identity);
        var again = written(account(key("a"), 1), AccountStore.ABSENT);
        assertThat(reopened().identity()).isEqualTo(identity);
        assertThat(read(reopened(), key("a")).version()).isEqualTo(again);
    }

    @Test
    void givesNothingOutToTheLedgerOfAnEarlierEpoch() {
        var version = written(with(1, 1, LIMIT, 0, 0), AccountStore.ABSENT);
        var told = new AtomicLong();
        var fenced = new FencedStore(store(), 1, told::set);
        assertThat(fenced.read(key("a"))).isInstanceOf(AccountStore.Read.Ok.class);
        written(with(2, 2, LIMIT, 0, 0), version);
        assertThat(fenced.compareAndSet(key("a"), version, with(2, 1, LIMIT, 0, 10)))
                .isInstanceOf(AccountStore.Write.Conflict.class);
        assertThat(fenced.read(key("a"))).isInstanceOf(AccountStore.Read.Unavailable.class);
        assertThat(fenced.list("")).isInstanceOf(AccountStore.Listing.Unavailable.class);
        assertThat(told).hasValue(2);
    }

    @Test
    void keepsALifetimeAccountAndASubject() throws Exception {
        var key = AccountKey.parse("team-a/a/team-b/lifetime");
        var account = Account.opened(key, 5);
        assertThat(store().compareAndSet(key, AccountStore.ABSENT, account))
                .isInstanceOf(AccountStore.Write.Ok.class);
        assertThat(read(reopened(), key).account()).isEqualTo(account);
    }

    @Test
    void keepsWindowsThatBeginTogetherApart() throws Exception {
        var start = Objects.requireNonNull(MONTH.start());
        var day = AccountKey.of("team-a/a", "", new Window(start, start.plusSeconds(86_400)));
        create(key("a"));
        assertThat(store().read(day)).isInstanceOf(AccountStore.Read.Absent.class);
        create(day);
        assertThat(read(reopened(), day).account()).isEqualTo(account(day, 1));
        assertThat(read(reopened(), key("a")).account()).isEqualTo(account(key("a"), 1));
    }

    /** Written twice, since guards of a store may look at what was there before. */
    @Test
    void keepsTheLargestAccount() throws Exception {
        var key = key("n".repeat(253));
        var first = largest(key, 1);
        var created = store().compareAndSet(key, AccountStore.ABSENT, first);
        assertThat(created).isInstanceOf(AccountStore.Write.Ok.class);
        assertThat(read(reopened(), key).account()).isEqualTo(first);
        var next = largest(key, 2);
        var version = ((AccountStore.Write.Ok) created).version();
        assertThat(store().compareAndSet(key, version, next))
                .isInstanceOf(AccountStore.Write.Ok.class);
        assertThat(read(reopened(), key).account()).isEqualTo(next);
    }

    /** Each of its leases has settled one micro-dollar more with each write. */
    private static Account largest(AccountKey key, int seq) {
        var leases = new ArrayList<LeaseAccount>();
        for (var i = 0; i < Account.MAX_LEASES; i++) {
            leases.add(
                    new LeaseAccount(
                            new HolderId("%032x".formatted(i), 1L + i),
                            Account.MAX_MICROS,
                            Account.MAX_MICROS - i - 2 + seq,
                            i,
                            i,
                            i,
                            i % 2 == 0 ? LeaseAccount.State.OPEN : LeaseAccount.State.SUSPECT));
        }
        return new Account(
                key,
                Account.MAX_MICROS,
                (long) Account.MAX_LEASES * seq,
                1,
                0,
                null,
                seq,
                1,
                leases,
                leases.subList(0, Account.MAX_CLOSED).stream()
                        .map(lease -> new HolderId(lease.holder().logId(), Long.MAX_VALUE))
                        .toList());
    }
}
