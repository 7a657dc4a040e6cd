package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.record.UsageRecord;
import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.policy.attempt.Attempt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

    /** Of a drill that nobody but this proxy knows of. */
    private static final long OF_ITS_OWN = 0;

    private static final Logger LOG = LoggerFactory.getLogger(Drills.class);

    private static final class Drill {
        final long id;
        volatile long endNanos;
        final LongAdder calls = new LongAdder();
        final LongAdder served = new LongAdder();
        final LongAdder failed = new LongAdder();

        Drill(long id, long endNanos) {
            this.id = id;
            this.endNanos = endNanos;
        }

        boolean runs(long nanos) {
            return nanos - endNanos < 0;
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

    /**
     * A drill that the control plane asks for.
     *
     * @param provider {@code namespace/name}
     * @param id not 0; another one is another drill
     */
    public record Order(String provider, long id, Duration remaining) {}

    /** What an ordered drill has shown. */
    public record Told(String provider, long id, Report report) {}

    private final ConcurrentHashMap<String, Drill> drills = new ConcurrentHashMap<>();

    /**
     * Begins a drill, or begins it anew.
     *
     * @param provider {@code namespace/name}
     * @return whether there was room for one more
     */
    public boolean begin(String provider, Duration length) {
        return begin(provider, OF_ITS_OWN, System.nanoTime() + length.toNanos());
    }

    private boolean begin(String provider, long id, long endNanos) {
        if (drills.size() >= MAX_DRILLS && !drills.containsKey(provider)) {
            long now = System.nanoTime();
            drills.values().removeIf(drill -> !drill.runs(now));
            if (drills.size() >= MAX_DRILLS) {
                return false;
            }
        }
        drills.put(provider, new Drill(id, endNanos));
        return true;
    }

    /**
     * Takes the drills that the control plane wants now: those that it does not name any more end.
     * With no news they end when they were to.
     */
    public void ordered(List<Order> orders) {
        long now = System.nanoTime();
        var named = new HashMap<String, Long>();
        for (var order : orders) {
            named.put(order.provider(), order.id());
            var length = order.remaining().compareTo(LONGEST) > 0 ? LONGEST : order.remaining();
            long end = now + length.toNanos();
            var known = drills.get(order.provider());
            if (known != null && known.id == order.id()) {
                known.endNanos = end;
            } else if (begin(order.provider(), order.id(), end)) {
                LOG.info("a drill of provider {} begins", order.provider());
            } else {
                LOG.warn("no room for a drill of provider {}", order.provider());
            }
        }
        drills.forEach(
                (provider, drill) -> {
                    var id = named.get(provider);
                    boolean wanted = id != null && id == drill.id;
                    if (drill.id != OF_ITS_OWN && !wanted && drill.runs(now)) {
                        drill.endNanos = now;
                        LOG.info("the drill of provider {} is called off", provider);
                    }
                });
    }

    /** What drills of the control plane have shown, since they began. */
    public List<Told> ordered() {
        long now = System.nanoTime();
        var told = new ArrayList<Told>();
        drills.forEach(
                (provider, drill) -> {
                    if (drill.id != OF_ITS_OWN) {
                        told.add(new Told(provider, drill.id, report(drill, now)));
                    }
                });
        return told;
    }

    /** Whether a call to this provider fails on purpose; it is counted then. */
    boolean hits(String provider) {
        if (drills.isEmpty()) {
            return false;
        }
        var drill = drills.get(provider);
        if (drill == null || !drill.runs(System.nanoTime())) {
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
        drills.forEach((provider, drill) -> reports.put(provider, report(drill, now)));
        return reports;
    }

    private static Report report(Drill drill, long now) {
        return new Report(
                Math.max(0, Math.ceilDiv(drill.endNanos - now, 1_000_000_000L)),
                drill.calls.sum(),
                drill.served.sum(),
                drill.failed.sum());
    }
}
