package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.record.UsageRecord;
import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.policy.attempt.Attempt;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Providers that fail on purpose for a while, for game days: a call to one ends at once as if no
 * connection could be made, with all that follows (retry, failover, circuit), and what became of
 * the requests is counted. Shared by all event loops.
 */
public final class Drills {

    /** A drill lasts no longer. */
    public static final Duration LONGEST = Duration.ofHours(1);

    /** Word of an attempt that met a drill. */
    static final String WORD = "drill";

    private static final int MAX_DRILLS = 100;

    private static final class Drill {
        final long endNanos;
        final LongAdder calls = new LongAdder();
        final LongAdder served = new LongAdder();
        final LongAdder failed = new LongAdder();

        Drill(long endNanos) {
            this.endNanos = endNanos;
        }
    }

    /**
     * What a drill has shown so far.
     *
     * @param secondsLeft 0: it is over
     * @param calls that were made to fail
     * @param served requests that met the drill and were answered by another target
     * @param failed requests that met the drill and were not answered
     */
    public record Report(long secondsLeft, long calls, long served, long failed) {}

    private final ConcurrentHashMap<String, Drill> drills = new ConcurrentHashMap<>();

    /**
     * Begins a drill, or begins it anew.
     *
     * @param provider {@code namespace/name}
     * @return whether there was room for one more
     */
    public boolean begin(String provider, Duration length) {
        if (drills.size() >= MAX_DRILLS && !drills.containsKey(provider)) {
            return false;
        }
        drills.put(provider, new Drill(System.nanoTime() + length.toNanos()));
        return true;
    }

    /** Whether a call to this provider fails on purpose; it is counted then. */
    boolean hits(String provider) {
        if (drills.isEmpty()) {
            return false;
        }
        var drill = drills.get(provider);
        if (drill == null || System.nanoTime() - drill.endNanos >= 0) {
            return false;
        }
        drill.calls.increment();
        return true;
    }

    /** A request is over. */
    void concluded(List<Attempt> attempts, List<UsageRecord.Attempt> recorded, Outcome outcome) {
        if (drills.isEmpty()) {
            return;
        }
        for (int i = 0; i < attempts.size(); i++) {
            var drill = drills.get(attempts.get(i).candidate().provider().key());
            if (drill != null && recorded.get(i).outcome().equals(WORD)) {
                (outcome == Outcome.OK ? drill.served : drill.failed).increment();
                return;
            }
        }
    }

    /** Every drill since the start, by provider. */
    public Map<String, Report> reports() {
        long now = System.nanoTime();
        var reports = new TreeMap<String, Report>();
        drills.forEach(
                (provider, drill) ->
                        reports.put(
                                provider,
                                new Report(
                                        Math.max(
                                                0,
                                                Math.ceilDiv(drill.endNanos - now, 1_000_000_000L)),
                                        drill.calls.sum(),
                                        drill.served.sum(),
                                        drill.failed.sum())));
        return reports;
    }
}
