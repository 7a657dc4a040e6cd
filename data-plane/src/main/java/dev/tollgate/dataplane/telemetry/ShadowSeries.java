package dev.tollgate.dataplane.telemetry;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The counters of one shadow of one route: what became of its copies, and both sides' figures. */
public final class ShadowSeries {

    /** What is compared; of copies that were answered, and of their originals. */
    public record Figures(long costNanos, long latencyNanos, long outputTokens) {}

    record Key(String route, String shadow) {}

    /** The sums of one side. */
    static final class Side {
        final LongAdder costNanos = new LongAdder();
        final LongAdder latencyNanos = new LongAdder();
        final LongAdder outputTokens = new LongAdder();

        private void add(Figures figures) {
            costNanos.add(figures.costNanos());
            latencyNanos.add(figures.latencyNanos());
            outputTokens.add(figures.outputTokens());
        }
    }

    final ConcurrentHashMap<String, LongAdder> byOutcome = new ConcurrentHashMap<>();
    final Side copies = new Side();
    final Side originals = new Side();
    final LongAdder sameFinish = new LongAdder();

    /**
     * @param outcome one of a fixed set of words
     */
    public void copy(String outcome) {
        byOutcome.computeIfAbsent(outcome, o -> new LongAdder()).increment();
    }

    /** Both sides answered. */
    public void compared(Figures copy, Figures original, boolean finishedAlike) {
        copies.add(copy);
        originals.add(original);
        if (finishedAlike) {
            sameFinish.increment();
        }
    }
}
