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
 * What happens to the processes of a {@link Fleet}, from a seed. Three hands do it: two kill and
 * start again, or stop for a while, the proxies, of which each has its own; one does so with the
 * operator. What a hand does to which and in which order is the seed's alone; the moments depend on
 * the machine too.
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

    private static final int PROXY_HANDS = 2;
    private static final int HANDS = PROXY_HANDS + 1;

    private static final int POLL_MILLIS = 50;

    private final Fleet fleet;
    private final LongSupplier served;
    private final AtomicLong servedAtLast = new AtomicLong();

    /** Of the hands; in order, so that {@link #rest} need not wait for long. */
    private final Semaphore turns = new Semaphore(HANDS, true);

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
        for (int i = 0; i < PROXY_HANDS; i++) {
            int hand = i;
            begin(i, random -> proxy(hand, random));
        }
        begin(PROXY_HANDS, this::operator);
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

    private void begin(int hand, Deed deed) {
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 1_000_003 + hand);
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

    private void proxy(int hand, RandomGenerator random) throws Exception {
        int index = random.nextInt(hand, fleet.size());
        index -= (index - hand) % PROXY_HANDS; // one of its own
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

    /** Whether the operator and a proxy have been at fault, and the proxy was killed. */
    boolean hasStruckBoth() {
        var counts = counts();
        return counts.get(Fault.PROXY_KILLED) > 0
                && counts.get(Fault.OPERATOR_KILLED) + counts.get(Fault.OPERATOR_STOPPED) > 0;
    }

    /** All processes are up, and stay so until {@link #goOn}. */
    void rest() throws InterruptedException {
        turns.acquire(HANDS);
    }

    /** One hand goes on, the one that has waited longest. */
    void goOnByOne() {
        turns.release();
    }

    /** All the others do as well. */
    void goOn() {
        turns.release(HANDS - 1);
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
        turns.release(HANDS); // it may rest
        for (var thread : threads) {
            thread.join();
        }
        var failure = trouble.get();
        if (failure != null) {
            throw new AssertionError("seed " + seed + ": " + failure.getMessage(), failure);
        }
    }
}
