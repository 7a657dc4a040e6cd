package dev.tollgate.dataplane.exchange;

import dev.tollgate.policy.attempt.Outcome;
import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.canary.CanaryFigures;
import dev.tollgate.policy.canary.Latency;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the attempts of rules that have a canary, by target and by the share that the canary had:
 * what its judge sees. Any thread; counting takes no lock. Counters of steps that are over are
 * dropped with the next snapshot, so at most one step of a rule is held.
 */
final class CanaryCounters {

    private record Key(String route, String target, int percent) {}

    private static final class Counter {
        final LongAdder requests = new LongAdder();
        final LongAdder errors = new LongAdder();
        final LongAdder costNanos = new LongAdder();
        final AtomicLongArray latencies = new AtomicLongArray(Latency.BUCKETS);

        CanaryFigures figures() {
            // errors before requests: what ends in between must not make them more than all
            long failed = errors.sum();
            var buckets = new HashMap<Integer, Long>();
            for (int i = 0; i < latencies.length(); i++) {
                if (latencies.get(i) > 0) {
                    buckets.put(i, latencies.get(i));
                }
            }
            return new CanaryFigures(requests.sum(), failed, costNanos.sum(), buckets);
        }
    }

    private final ConcurrentHashMap<Key, Counter> counters = new ConcurrentHashMap<>();

    /**
     * An attempt has ended. One that met a fault of its request says nothing about the target.
     *
     * @param firstTokenNanos of a stream; -1: it had none, and the whole answer's time counts
     */
    void count(
            RoutePlan plan,
            Candidate candidate,
            Outcome outcome,
            long latencyNanos,
            long firstTokenNanos,
            long costNanos) {
        var canary = plan.canary();
        if (canary == null
                || canary.percent() == 0
                || outcome instanceof Outcome.NoFreeConnection
                || outcome instanceof Outcome.ClientFault) {
            return;
        }
        var key = new Key(plan.route(), candidate.target().name(), canary.percent());
        var counter = counters.get(key);
        if (counter == null) {
            counter = counters.computeIfAbsent(key, made -> new Counter());
        }
        counter.requests.increment();
        if (outcome instanceof Outcome.Success) {
            counter.costNanos.add(costNanos);
            long nanos = firstTokenNanos < 0 ? latencyNanos : firstTokenNanos;
            counter.latencies.incrementAndGet(Latency.bucket(TimeUnit.NANOSECONDS.toMicros(nanos)));
        } else {
            counter.errors.increment();
        }
    }

    List<CanaryCount> counts() {
        return counters.entrySet().stream()
                .map(
                        counted -> {
                            var key = counted.getKey();
                            return new CanaryCount(
                                    key.route(),
                                    key.target(),
                                    key.percent(),
                                    counted.getValue().figures());
                        })
                .toList();
    }

    /** Forgets what is not of the present step of a rule. */
    void retain(Snapshot snapshot) {
        if (counters.isEmpty()) {
            return;
        }
        Map<String, Integer> shares = new HashMap<>();
        for (var policy : snapshot.policies()) {
            for (var rule : policy.rules()) {
                var canary = rule.canary();
                if (canary != null) {
                    shares.put(policy.key() + "/" + rule.name(), canary.percent());
                }
            }
        }
        counters.keySet()
                .removeIf(key -> !Integer.valueOf(key.percent()).equals(shares.get(key.route())));
    }
}
