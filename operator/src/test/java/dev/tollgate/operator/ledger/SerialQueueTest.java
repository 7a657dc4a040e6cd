package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseTotals;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerMessages;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.push.FromLedger;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What fails in the ledger ends nothing for what comes next, and is told. */
class SerialQueueTest {

    private static final Logger LOG = (Logger) LoggerFactory.getLogger(Failures.class);

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.start();
        LOG.addAppender(log);
    }

    @AfterEach
    void leave() {
        LOG.detachAppender(log);
    }

    private void assertTold(String failure) {
        List<ILoggingEvent> told;
        synchronized (log) { // as whoever appends does
            told = List.copyOf(log.list);
        }
        assertThat(told)
                .anySatisfy(
                        event ->
                                assertThat(event.getThrowableProxy().getMessage())
                                        .isEqualTo(failure));
    }

    @Test
    void anErrorOfOneTaskEndsNothingForTheNext() throws Exception {
        var failures = new Failures();
        var queue = new SerialQueue(failures);
        var both = new CountDownLatch(2);
        var began = new CountDownLatch(1);
        queue.execute(
                () -> {
                    try {
                        began.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    throw new AssertionError("broken");
                });
        queue.execute(both::countDown); // stands behind it
        began.countDown();
        await().until(() -> both.getCount() == 1);
        queue.execute(both::countDown); // comes later
        assertThat(both.await(60, TimeUnit.SECONDS)).isTrue();
        assertTold("broken");
        assertThat(failures.count()).isEqualTo(1);
    }

    /** Fails once, as the code behind a tick may. */
    private static final class BrokenOnce extends Clock {
        private final AtomicInteger asked = new AtomicInteger();

        @Override
        public Instant instant() {
            if (asked.incrementAndGet() == 1) {
                throw new NoClassDefFoundError("once");
            }
            return Instant.EPOCH;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private static LedgerStreams streams(AccountStore store, Clock clock) {
        var heard = new StoreSilence(store, clock);
        return new LedgerStreams(new LedgerService(heard, 1), heard, clock);
    }

    @Test
    void anErrorInOneTickDoesNotEndTheTicking() {
        var clock = new BrokenOnce();
        try (var streams = streams(new NoStore(), clock)) {
            assertThat(streams.accounts()).isEmpty();
            await().until(() -> clock.asked.get() > 2);
            assertTold("once");
            assertThat(streams.failures()).isEqualTo(1);
        }
    }

    @Test
    void aBrokenStepOfAnAccountIsToldAndCounted() {
        var budget = BudgetBuilder.budget("team-a/b").limit(7).build();
        var window = Window.of(Objects.requireNonNull(budget.period()), Instant.EPOCH);
        var store = new BrokenStore(AccountKey.of("team-a/b", "", window));
        var clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
        try (var streams = streams(store, clock)) {
            assertThat(streams.failures()).isZero();
            streams.budgets(List.of(budget));
            await().atMost(Duration.ofSeconds(30)).until(() -> streams.failures() > 0);
            assertTold("no write");
        }
    }

    @Test
    void aRegisterThatBreaksARuleIsRefusedToldAndCounted() {
        var window = new Window(Instant.EPOCH, Instant.EPOCH.plusSeconds(3_600));
        var key = AccountKey.of("team-a/b", "", window);
        var clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
        var closed = new LeaseTotals(key, 1, 0, 0, 0, 0, 0, 0, true);
        var register = new LedgerCommand.Register(new HolderId("p0", 1), "p0", List.of(closed));
        var answers = new CopyOnWriteArrayList<FromLedger>();
        try (var streams = streams(new BrokenStore(key), clock)) {
            streams.open(answers::add).received(LedgerMessages.message(register));
            streams.budgets(List.of());
            await().atMost(Duration.ofSeconds(30)).until(() -> !answers.isEmpty());
            await().atMost(Duration.ofSeconds(30)).until(() -> streams.failures() == 1);
            assertTold("no write");
        }
        assertThat(answers.getFirst().getRegistered().getAccepted()).isFalse();
    }

    /** Of one account, which it fails to write. */
    private static final class BrokenStore extends NoStore {
        private final AccountKey key;

        BrokenStore(AccountKey key) {
            this.key = key;
        }

        @Override
        public Listing list(String prefix) {
            return new Listing.Ok(List.of(new Versioned(Account.opened(key, 5), "1")));
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            throw new IllegalStateException("no write");
        }
    }

    private static class NoStore implements AccountStore {
        @Override
        public Read read(AccountKey key) {
            return new Read.Unavailable("there is none");
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            return new Write.Unavailable("there is none");
        }

        @Override
        public Listing list(String prefix) {
            return new Listing.Unavailable("there is none");
        }

        @Override
        public Identity identity() {
            return new Identity.Unavailable("there is none");
        }
    }
}
