package dev.tollgate.operator.ledger;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one after the other, in order, on a virtual thread that lives while there is work. A
 * task that fails, by an Error too, ends nothing for the next one. What does not fit is dropped.
 */
final class SerialQueue {

    static final int MAX_TASKS = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(SerialQueue.class);

    private final Failures failures;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean running;

    SerialQueue(Failures failures) {
        this.failures = failures;
    }

    synchronized void execute(Runnable task) {
        if (tasks.size() >= MAX_TASKS) {
            LOG.atWarn().log("a ledger queue is full; a message was dropped");
            return;
        }
        tasks.add(task);
        if (!running) {
            Thread.startVirtualThread(this::drain);
            running = true; // not if it could not be started
        }
    }

    /** Whether nothing waits; a task may still run. */
    synchronized boolean empty() {
        return tasks.isEmpty();
    }

    private void drain() {
        for (Runnable task = next(); task != null; task = next()) {
            failures.guard(task);
        }
    }

    private synchronized @Nullable Runnable next() {
        var task = tasks.poll();
        running = task != null;
        return task;
    }
}
