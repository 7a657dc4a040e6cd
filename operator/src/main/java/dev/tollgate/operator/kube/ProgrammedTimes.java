package dev.tollgate.operator.kube;

import dev.tollgate.crds.resource.ResourceKey;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** How long changes took from their first sight to the last proxy's ACK: a histogram. */
public final class ProgrammedTimes {

    /** Upper bounds in milliseconds; what takes longer counts in the last, open bucket. */
    private static final long[] BOUNDS_MILLIS = {
        100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000
    };

    private record Waiting(long generation, Instant since) {}

    private final Map<ResourceKey, Waiting> waiting = new HashMap<>();
    private final long[] counts = new long[BOUNDS_MILLIS.length + 1];
    private long sumMillis;

    synchronized void seen(ResourceKey object, long generation, Instant now) {
        waiting.put(object, new Waiting(generation, now));
    }

    synchronized void programmed(ResourceKey object, long generation, Instant now) {
        var was = waiting.get(object);
        if (was == null || was.generation() != generation) {
            return;
        }
        waiting.remove(object);
        long millis = Math.max(0, Duration.between(was.since(), now).toMillis());
        int bucket = 0;
        while (bucket < BOUNDS_MILLIS.length && millis > BOUNDS_MILLIS[bucket]) {
            bucket++;
        }
        counts[bucket]++;
        sumMillis += millis;
    }

    synchronized void forget(ResourceKey object) {
        waiting.remove(object);
    }

    /** In the Prometheus text format. */
    public synchronized String text(String name) {
        var text = new StringBuilder();
        text.append("# HELP ").append(name).append(" From a change to its last ACK.\n");
        text.append("# TYPE ").append(name).append(" histogram\n");
        long sum = 0;
        for (int i = 0; i < counts.length; i++) {
            sum += counts[i];
            var bound =
                    i < BOUNDS_MILLIS.length ? Double.toString(BOUNDS_MILLIS[i] / 1000.0) : "+Inf";
            text.append(name)
                    .append("_bucket{le=\"")
                    .append(bound)
                    .append("\"} ")
                    .append(sum)
                    .append('\n');
        }
        text.append(name).append("_sum ").append(sumMillis / 1000.0).append('\n');
        text.append(name).append("_count ").append(sum).append('\n');
        return text.toString();
    }
}
