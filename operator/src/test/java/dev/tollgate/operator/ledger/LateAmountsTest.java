package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.snapshot.BudgetBuilder;
import dev.tollgate.policy.snapshot.BudgetEntry;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** I10: an amount that is not in force in time is told, with its account and the reason. */
class LateAmountsTest {

    private static final Logger LOG = (Logger) LoggerFactory.getLogger(Failures.class);
    private static final AccountKey KEY = AccountKey.parse("team-a/b//lifetime");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final OneAccount store = new OneAccount();

    @BeforeEach
    void listen() {
        log.start();
        LOG.addAppender(log);
    }

    @AfterEach
    void leave() {
        LOG.detachAppender(log);
    }

    private boolean isTold(Level level, String text) {
        synchronized (log) { // as whoever appends does
            return log.list.stream()
                    .anyMatch(
                            event ->
                                    event.getLevel().equals(level)
                                            && event.getFormattedMessage().contains(text)
                                            && event.getKeyValuePairs().stream()
                                                    .anyMatch(pair -> KEY.equals(pair.value)));
        }
    }

    private LedgerStreams streams() {
        var heard = new StoreSilence(store, Clock.systemUTC());
        return new LedgerStreams(new LedgerService(heard, 1), heard, Clock.systemUTC());
    }

    private static List<BudgetEntry> budget(long micros) {
        return List.of(
                BudgetBuilder.budget("team-a/b")
                        .limit(micros)
                        .period(Period.Type.LIFETIME)
                        .build());
    }

    @Test
    void anAmountThatTheLedgerHasNoTimeForIsLate() {
        var busy = new CountDownLatch(1);
        try (var streams = streams()) {
            streams.budgets(budget(5));
            await().atMost(PATIENCE).until(() -> streams.accounts().size() == 1);
            streams.later(() -> stand(busy));
            streams.budgets(budget(7));
            await().atMost(PATIENCE).until(() -> streams.lateAmounts() == 1);
            assertThat(isTold(Level.ERROR, "I10: its amount was changed to 7 micro-USD")).isTrue();
            busy.countDown();
            await().atMost(PATIENCE).until(() -> streams.accounts().getFirst().amountMicros() == 7);
            assertThat(streams.lateAmounts()).isEqualTo(1);
        } finally {
            busy.countDown();
        }
    }

    private static void stand(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aStoreThatDoesNotAnswerIsTheReasonAndNoViolation() {
        store.writes = false;
        try (var streams = streams()) {
            streams.budgets(budget(7));
            await().atMost(PATIENCE).until(() -> isTold(Level.WARN, "the store does not answer"));
            assertThat(streams.lateAmounts()).isZero();
            store.writes = true;
            await().atMost(PATIENCE).until(() -> streams.accounts().getFirst().amountMicros() == 7);
            assertThat(streams.lateAmounts()).isZero();
        }
    }

    /** Of 5 micro-dollars. */
    private static final class OneAccount implements AccountStore {
        volatile boolean writes = true;
        private volatile Versioned known = new Versioned(Account.opened(KEY, 5), "1");

        @Override
        public Read read(AccountKey key) {
            return new Read.Ok(known);
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            if (!writes) {
                return new Write.Unavailable("it stands still");
            }
            known = new Versioned(account, version + "1");
            return new Write.Ok(known.version());
        }

        @Override
        public Listing list(String prefix) {
            return new Listing.Ok(List.of(known));
        }

        @Override
        public Identity identity() {
            return new Identity.Ok("one");
        }
    }
}
