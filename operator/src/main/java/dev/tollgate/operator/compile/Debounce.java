package dev.tollgate.operator.compile;

import dev.tollgate.operator.api.ApiFailure;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a task on a thread of its own after events have been quiet for a while, or have gone on for
 * long enough; never twice at a time. A task that fails is logged and run again, without end: after
 * 1 s, then after twice as long each time, at most after 30 s.
 */
public final class Debounce implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Debounce.class);
    private static final Duration AGAIN_AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration AGAIN_AT_MOST = Duration.ofSeconds(30);

    private final Runnable task;
    private final long quietNanos;
    private final long atMostNanos;
    private final ScheduledExecutorService thread;
    private long firstNanos;
    private @Nullable ScheduledFuture<?> scheduled;
    private Duration again = AGAIN_AFTER_FAILURE; // of the thread

    public Debounce(String name, Duration quiet, Duration atMost, Runnable task) {
        this.task = task;
        this.quietNanos = quiet.toNanos();
        this.atMostNanos = atMost.toNanos();
        this.thread =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().name(name).daemon().factory());
    }

    /** An event: the task runs soon. */
    public synchronized void dirty() {
        if (thread.isShutdown()) {
            return;
        }
        long now = System.nanoTime();
        var pending = scheduled;
        if (pending == null) {
            firstNanos = now;
        } else {
            pending.cancel(false);
        }
        long delay = Math.min(quietNanos, Math.max(0, firstNanos + atMostNanos - now));
        scheduled = thread.schedule(this::run, delay, TimeUnit.NANOSECONDS);
    }

    /** Runs something else on the same thread. */
    public void execute(Runnable other) {
        if (!thread.isShutdown()) {
            thread.execute(() -> guarded(other));
        }
    }

    private void run() {
        synchronized (this) {
            scheduled = null;
        }
        if (guarded(task)) {
            again = AGAIN_AFTER_FAILURE;
        } else if (!thread.isShutdown()) {
            thread.schedule(this::dirty, again.toMillis(), TimeUnit.MILLISECONDS);
            var twice = again.multipliedBy(2);
            again = twice.compareTo(AGAIN_AT_MOST) < 0 ? twice : AGAIN_AT_MOST;
        }
    }

    private static boolean guarded(Runnable action) {
        try {
            action.run();
            return true;
        } catch (KubernetesClientException e) {
            LOG.atWarn()
                    .addKeyValue("error", ApiFailure.text(e))
                    .log("the API server did not take it; will be tried again");
            return false;
        } catch (RuntimeException | LinkageError e) {
            LOG.atError().setCause(e).log("failed; will be tried again");
            return false;
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
