package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LedgerCommand.Acquire;
import dev.tollgate.policy.budget.LedgerCommand.Register;
import dev.tollgate.policy.budget.LedgerEffect;
import dev.tollgate.policy.budget.LedgerService;
import dev.tollgate.policy.budget.Window;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class InProcessLedgerTest {

    private static final HolderId HOLDER = new HolderId("log", 1);

    /** More than wait at a time. */
    private static final int MESSAGES = 10_001;

    private static final long BEFORE_MICROS = 1_000_000;
    private static final long AFTER_MICROS = 1_000;

    @Test
    void takesAChangeOfBudgetsThoughItsQueueIsFull() {
        var budget = Budgets.hard("team-a/monthly", BEFORE_MICROS);
        var release = new CountDownLatch(1);
        var effects = new ConcurrentLinkedQueue<LedgerEffect>();
        try (var ledger =
                        new InProcessLedger(
                                new LedgerService(new MemoryStore(), 1), TimeSource.SYSTEM);
                var link = ledger.link(HOLDER)) {
            ledger.budgetsChanged(List.of(budget));
            link.start(stalledUntil(release, effects));
            for (var i = 0; i < MESSAGES; i++) {
                link.send(new Register(HOLDER, "test", List.of()));
            }

            ledger.budgetsChanged(List.of(Budgets.hard(budget.key(), AFTER_MICROS)));
            release.countDown();

            await().until(
                            () ->
                                    effects.stream()
                                            .anyMatch(LedgerEffect.Registered.class::isInstance));
            var account = AccountKey.of(budget.key(), "", Window.of(Budgets.MONTH, Instant.now()));
            await().until(
                            () -> {
                                link.send(new Acquire(HOLDER, 1, account, BEFORE_MICROS, 0, true));
                                return effects.stream()
                                        .anyMatch(
                                                effect ->
                                                        effect instanceof LedgerEffect.Denied
                                                                || effect
                                                                        instanceof
                                                                        LedgerEffect.Grant);
                            });
            assertThat(effects).noneMatch(LedgerEffect.Grant.class::isInstance);
        }
    }

    private static LedgerLink.Listener stalledUntil(
            CountDownLatch release, Queue<LedgerEffect> effects) {
        return new LedgerLink.Listener() {
            @Override
            public void connected() {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }

            @Override
            public void disconnected(String reason) {}

            @Override
            public void effect(LedgerEffect effect) {
                effects.add(effect);
            }
        };
    }
}
