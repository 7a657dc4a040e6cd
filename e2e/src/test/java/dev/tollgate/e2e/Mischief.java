package dev.tollgate.e2e;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * What happens to the processes of a {@link Fleet}, from a seed: each has a thread of its own that
 * kills it and starts it again, or stops it for a while, after pauses that the seed says. What is
 * done to which and in which order is the seed's alone; the moments depend on the machine too.
 */
final class Mischief implements AutoCloseable {

    /** What is done to whom. */
    enum Fault {
        PROXY_KILLED,
        PROXY_STOPPED,
        OPERATOR_KILLED,
        OPERATOR_STOPPED
    }

    private static final int PAUSE_MIN_MILLIS = 500;
    private static final int PAUSE_MAX_MILLIS = 5_000;
    private static final int STOP_MIN_MILLIS = 200;
    private static final int STOP_MAX_MILLIS = 4_000;
    private static final int LATE_MAX_MILLIS = 2_000;

    /** So much is served after the operator was at fault before anybody is at fault again. */
    private static final int SERVED_BETWEEN = 20;

    /** Processes that are down or stand still at a time. */
    private static final int AT_A_TIME = 2;

    private static final int POLL_MILLIS = 50;

    private final Fleet fleet;
    private final LongSupplier served;
    private final AtomicLong servedAtLast = new AtomicLong();
    private final Semaphore turns = new Semaphore(AT_A_TIME);
    private final long seed;
    private final long since = System.nanoTime();
    private int operatorFaults;
    private boolean operatorStops;
    private final CountDownLatch over = new CountDownLatch(1);
    private final List<Thread> threads = new ArrayList<>();
    private final List<String> told = Collections.synchronizedList(new ArrayList<>());
    private final Map<Fault, Integer> counts = new EnumMap<>(Fault.class);
    private final AtomicReference<Throwable> trouble = new AtomicReference<>();

    /**
     * Begins at once.
     *
     * @param served how many requests were answered until now: nothing is done while the fleet has
     *     not come back to life from what was done to its operator, so that there is always
     *     something to break
     */
    Mischief(Fleet fleet, long seed, LongSupplier served) {
        this.fleet = fleet;
        this.served = served;
        this.seed = seed;
        for (var fault : Fault.values()) {
            counts.put(fault, 0);
        }
        for (int i = 0; i < fleet.size(); i++) {
            int proxy = i;
            begin(i, random -> proxy(proxy, random));
        }
        begin(fleet.size(), this::operator);
    }

    private boolean awaitLife() throws InterruptedException {
        while (served.getAsLong() < servedAtLast.get() + SERVED_BETWEEN) {
            if (over.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        return over.getCount() > 0;
    }

    /** One fault, and its end. */
    private interface Deed {
        void once(RandomGenerator random) throws Exception;
    }

    private void begin(int victim, Deed deed) {
        var random =
                RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 1_000_003 + victim);
        threads.add(
                Thread.ofVirtual()
                        .start(
                                () -> {
                                    try {
                                        while (!pause(random, PAUSE_MIN_MILLIS, PAUSE_MAX_MILLIS)) {
                                            turn(deed, random);
                                        }
                                    } catch (Exception | AssertionError e) {
                                        trouble.compareAndSet(null, e);
                                    }
                                }));
    }

    private void turn(Deed deed, RandomGenerator random) throws Exception {
        turns.acquire();
        try {
            if (awaitLife()) {
                deed.once(random);
            }
        } finally {
            turns.release();
        }
    }

    /** True: it is over. */
    private boolean pause(RandomGenerator random, int min, int max) throws InterruptedException {
        return over.await(random.nextInt(min, max), TimeUnit.MILLISECONDS);
    }

    private void proxy(int index, RandomGenerator random) throws Exception {
        if (random.nextInt(5) < 2) {
            count(Fault.PROXY_STOPPED, "proxy " + index);
            fleet.proxy(index).pause();
            pause(random, STOP_MIN_MILLIS, STOP_MAX_MILLIS);
            fleet.proxy(index).proceed();
        } else {
            count(Fault.PROXY_KILLED, "proxy " + index);
            fleet.proxy(index).kill();
            pause(random, 1, LATE_MAX_MILLIS);
            fleet.restart(index);
        }
    }

    /** In turns, from either. */
    private void operator(RandomGenerator random) throws Exception {
        operatorStops = operatorFaults++ == 0 ? random.nextBoolean() : !operatorStops;
        servedAtLast.set(served.getAsLong());
        if (operatorStops) {
            count(Fault.OPERATOR_STOPPED, "operator");
            fleet.operator().pause();
            pause(random, STOP_MIN_MILLIS, STOP_MAX_MILLIS);
            fleet.operator().proceed();
        } else {
            count(Fault.OPERATOR_KILLED, "operator");
            fleet.operator().kill();
            pause(random, 1, LATE_MAX_MILLIS);
            fleet.startOperator();
        }
        servedAtLast.set(served.getAsLong());
    }

    private void count(Fault fault, String victim) {
        synchronized (counts) {
            counts.merge(fault, 1, Integer::sum);
        }
        told.add("%d ms %s %s".formatted((System.nanoTime() - since) / 1_000_000, fault, victim));
    }

    /** How often each has happened until now. */
    Map<Fault, Integer> counts() {
        synchronized (counts) {
            return Map.copyOf(counts);
        }
    }

    /** How often the rarest fault has happened. */
    int least() {
        return Collections.min(counts().values());
    }

    /** How long it has lasted. */
    long seconds() {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since);
    }

    /** What happened, in order. */
    List<String> told() {
        return List.copyOf(told);
    }

    /** Ends it: what is down is up again, what stands still goes on. */
    @Override
    public void close() throws Exception {
        over.countDown();
        for (var thread : threads) {
            thread.join();
        }
        var failure = trouble.get();
        if (failure != null) {
            throw new AssertionError("seed " + seed + ": " + failure.getMessage(), failure);
        }
    }
}
