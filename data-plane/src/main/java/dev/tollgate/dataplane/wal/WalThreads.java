package dev.tollgate.dataplane.wal;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Two threads: one syncs, the other makes segments. */
final class WalThreads implements WalWorkers {

    /** Tries to make the next segment again this often while the disk is full. */
    private static final long RETRY_NANOS = 1_000_000_000L;

    private static final long MIN_PERIOD_NANOS = 1_000_000L;

    private final ExecutorService allocator =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("wal-allocate").factory());
    private final long periodNanos;
    private volatile @Nullable Thread syncer;
    private volatile boolean asleep;
    private volatile boolean stopped;

    WalThreads(Duration syncEvery) {
        periodNanos = Math.max(MIN_PERIOD_NANOS, syncEvery.toNanos() * 3 / 4);
    }

    @Override
    public void start(Wal log) {
        syncer = Thread.ofPlatform().daemon().name("wal-sync").start(() -> syncOn(log));
    }

    @Override
    public void appended() {
        if (asleep) {
            LockSupport.unpark(syncer);
        }
    }

    @Override
    public void execute(Runnable task) {
        allocator.execute(task);
    }

    @Override
    public void stop() {
        stopped = true;
        var thread = syncer;
        LockSupport.unpark(thread);
        try {
            if (thread != null) {
                thread.join();
            }
            allocator.shutdown();
            allocator.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Compiled code is told of a page that is not there late, anywhere in the loop. */
    private void syncOn(Wal log) {
        while (!stopped) {
            try {
                syncLoop(log);
            } catch (InternalError e) {
                log.broke(e);
            }
        }
    }

    /**
     * Under load it looks by itself whether there is something to sync, so that no request pays for
     * waking it; it sleeps when a second has passed without.
     */
    private void syncLoop(Wal log) {
        long lastTry = System.nanoTime();
        long lastSync = lastTry;
        while (!stopped) {
            if (System.nanoTime() - lastSync > RETRY_NANOS) {
                asleep = true;
                if (!log.dirty() && !stopped) {
                    LockSupport.parkNanos(RETRY_NANOS);
                }
                asleep = false;
            }
            LockSupport.parkNanos(periodNanos);
            if (log.dirty()) {
                log.sync();
                lastSync = System.nanoTime();
            }
            if (System.nanoTime() - lastTry > RETRY_NANOS) {
                lastTry = System.nanoTime();
                log.makeRoom();
            }
        }
    }
}
