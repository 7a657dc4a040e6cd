package dev.tollgate.dataplane.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.wal.SimulatedDisk;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.policy.snapshot.BudgetEntry.Period;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReturnsTest {

    private static final Instant START = Instant.parse("2026-11-21T09:59:30Z");
    private static final Period HOUR = new Period(Period.Type.HOUR, "UTC", 1);

    private final Agenda agenda = new Agenda();
    private final Agenda.Life life = new Agenda.Life();
    private final Arena arena = Arena.ofShared();
    private final Counter counter = new Counter("team-a/hourly", "", new LastHeard());
    private final TimeSource clock =
            new TimeSource() {
                @Override
                public long nanos() {
                    return agenda.now();
                }

                @Override
                public Instant now() {
                    return START.plusNanos(agenda.now());
                }
            };
    private Returns returns;

    @BeforeEach
    void open() throws Exception {
        var disk = new SimulatedDisk("log-1", arena, new SplittableRandom(1));
        Wal wal = disk.open((delay, task) -> agenda.at(agenda.now() + delay, life, task));
        returns =
                new Returns(
                        wal,
                        new LedgerSession(
                                wal, null, GateSettings.of("pod-1"), clock, new ToldCheck()),
                        clock,
                        () -> new Admitter(wal, null, clock),
                        new ToldCheck());
    }

    @AfterEach
    void close() {
        life.end();
        arena.close();
    }

    @Test
    void whatAWindowThatEndsMeanwhileLeavesOpenIsNotForgotten() throws Exception {
        var used = counter.entered(HOUR, clock);
        assertThat(used).isNotNull();
        var look = new FutureTask<>(() -> returns.forget(counter));
        var keeper = new Thread(look, "keeper");
        synchronized (counter) { // a request finds that the window is over, and is not done
            keeper.start();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> keeper.getState() == Thread.State.BLOCKED);
            agenda.runUntil(Duration.ofMinutes(1).toNanos());
            assertThat(counter.lease(HOUR, clock.nanos(), clock)).isNotSameAs(used);
        }
        assertThat(look.get(30, TimeUnit.SECONDS)).as("forgotten").isFalse();
        assertThat(counter.isForgotten()).isFalse();
        used.leave();
        assertThat(returns.rests(counter)).as("its totals are to be told").isFalse();
    }

    @Test
    void whereNothingIsOpenItIsForgotten() {
        assertThat(counter.lease(HOUR, clock.nanos(), clock).idle()).isTrue();
        assertThat(returns.forget(counter)).isTrue();
        assertThat(counter.isForgotten()).isTrue();
    }
}
