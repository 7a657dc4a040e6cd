package dev.tollgate.dataplane.budget;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs many seeds of the {@link Simulation}: {@code SimulationRun [count [first seed [threads]]]},
 * from the test class path of this module. Tells every ten seconds how far it is, each seed that
 * fails with the events that led to it, and all of them at the end; ends with 1 if there were any,
 * and at the latest at the twentieth.
 */
public final class SimulationRun {

    private static final long COUNT = 1_000_000;
    private static final long TELL_NANOS = 10_000_000_000L;
    private static final int FAILURES_MAX = 20;

    private final long first;
    private final long count;
    private final long began = System.nanoTime();
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong done = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Long> failed = new ArrayList<>();
    private long tellAt = began + TELL_NANOS;

    private SimulationRun(long first, long count) {
        this.first = first;
        this.count = count;
    }

    public static void main(String[] args) throws InterruptedException {
        var count = args.length > 0 ? Long.parseLong(args[0]) : COUNT;
        var first = args.length > 1 ? Long.parseLong(args[1]) : 0;
        var threads =
                args.length > 2
                        ? Integer.parseInt(args[2])
                        : Runtime.getRuntime().availableProcessors();
        var run = new SimulationRun(first, count);
        var workers = new ArrayList<Thread>();
        for (var i = 0; i < threads; i++) {
            workers.add(Thread.ofPlatform().name("seeds-" + i).start(run::work));
        }
        for (var worker : workers) {
            worker.join();
        }
        run.tell();
        System.exit(run.failed.isEmpty() && run.done.get() == count ? 0 : 1);
    }

    private void work() {
        for (var i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            var seed = first + i;
            try {
                Simulation.run(seed, null);
            } catch (Simulation.Broken | RuntimeException e) {
                if (failed(seed, e)) {
                    return;
                }
            }
            done.incrementAndGet();
            progress();
        }
    }

    /** True: that is enough. */
    private boolean failed(long seed, Throwable why) {
        lock.lock();
        try {
            failed.add(seed);
            why.printStackTrace();
            if (failed.size() >= FAILURES_MAX) {
                next.set(count);
            }
            return failed.size() >= FAILURES_MAX;
        } finally {
            lock.unlock();
        }
    }

    private void progress() {
        if (lock.tryLock()) {
            try {
                if (System.nanoTime() - tellAt >= 0) {
                    tellAt = System.nanoTime() + TELL_NANOS;
                    tell();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private void tell() {
        var seconds = Math.max(1, (System.nanoTime() - began) / 1_000_000_000L);
        var ran = done.get();
        System.out.printf(
                "%d of %d seeds from %d in %d s, %d a second; failed: %s%n",
                ran, count, first, seconds, ran / seconds, failed);
        System.out.flush();
    }
}
