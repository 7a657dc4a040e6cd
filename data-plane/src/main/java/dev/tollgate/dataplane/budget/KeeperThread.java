package dev.tollgate.dataplane.budget;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The keeper's one thread; a task that breaks an invariant ends nothing for the next one. */
final class KeeperThread {

    private static final Logger LOG = LoggerFactory.getLogger(KeeperThread.class);

    private final ScheduledExecutorService thread;

    /** Of the last task that broke an invariant. */
    volatile @Nullable Throwable bug;

    /**
     * @param thread a single one, which is shut down at the end
     */
    KeeperThread(ScheduledExecutorService thread) {
        this.thread = thread;
    }

    void run(Runnable task) {
        try {
            thread.execute(() -> guarded(task));
        } catch (RejectedExecutionException e) {
            LOG.debug("after the end: {}", e.getMessage());
        }
    }

    void later(Runnable task, long millis) {
        thread.schedule(() -> guarded(task), millis, TimeUnit.MILLISECONDS);
    }

    void each(Runnable task, long millis) {
        thread.scheduleAtFixedRate(() -> guarded(task), millis, millis, TimeUnit.MILLISECONDS);
    }

    void end() {
        thread.shutdown();
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | VirtualMachineError e) {
            // a task that throws would never run again; a disk that fails under a map is an error
            bug = e;
            LOG.error("budget leases: a bug", e);
        }
    }
}
