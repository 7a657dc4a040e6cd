package dev.tollgate.operator.ledger;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one after the other, in order, on a virtual thread that lives while there is work.
 * What does not fit is dropped.
 */
final class SerialQueue {

    static final int MAX_TASKS = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(SerialQueue.class);

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean running;

    synchronized void execute(Runnable task) {
        if (tasks.size() >= MAX_TASKS) {
            LOG.atWarn().log("a ledger queue is full; a message was dropped");
            return;
        }
        tasks.add(task);
        if (!running) {
            running = true;
            Thread.startVirtualThread(this::drain);
        }
    }

    /** Whether nothing waits; a task may still run. */
    synchronized boolean empty() {
        return tasks.isEmpty();
    }

    private void drain() {
        for (Runnable task = next(); task != null; task = next()) {
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.atError().setCause(e).log("a ledger task failed");
            }
        }
    }

    private synchronized @Nullable Runnable next() {
        var task = tasks.poll();
        running = task != null;
        return task;
    }
}
