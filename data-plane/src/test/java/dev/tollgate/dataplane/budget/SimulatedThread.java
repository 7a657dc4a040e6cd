package dev.tollgate.dataplane.budget;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** A thread of a simulated process: tasks run in order, each a little late. */
final class SimulatedThread extends AbstractExecutorService implements ScheduledExecutorService {

    private static final long LATE_NANOS = 200_000;

    private final Agenda agenda;
    private final Agenda.Life life;
    private final RandomGenerator random;
    private long last;
    private boolean shutdown;

    SimulatedThread(Agenda agenda, Agenda.Life life, RandomGenerator random) {
        this.agenda = agenda;
        this.life = life;
        this.random = random;
    }

    @Override
    public void execute(Runnable task) {
        if (shutdown) {
            throw new RejectedExecutionException("shut down");
        }
        last = Math.max(last, agenda.now() + random.nextLong(LATE_NANOS));
        agenda.at(last, life, task);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
        agenda.at(agenda.now() + unit.toNanos(delay), life, task);
        return null;
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(
            Runnable task, long delay, long period, TimeUnit unit) {
        next(task, agenda.now() + unit.toNanos(delay), unit.toNanos(period));
        return null;
    }

    private void next(Runnable task, long time, long period) {
        agenda.at(
                time,
                life,
                () -> {
                    if (!shutdown) {
                        task.run();
                        next(task, time + period, period);
                    }
                });
    }

    @Override
    public void shutdown() {
        shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutdown = true;
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        return shutdown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return shutdown;
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(
            Runnable task, long initial, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }
}
