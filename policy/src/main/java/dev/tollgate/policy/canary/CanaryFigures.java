package dev.tollgate.policy.canary;

import java.util.Map;
import java.util.TreeMap;

/**
 * What was seen of one target, or of several together.
 *
 * @param requests attempts that ended, whatever their end, but for those whose client left
 * @param errors of these, what was not answered
 * @param costNanos of all answers, in nano-dollars
 * @param latencies of answers, to the first token of a stream or to the whole of another: by bucket
 *     of {@link Latency}
 */
public record CanaryFigures(
        long requests, long errors, long costNanos, Map<Integer, Long> latencies) {

    public static final CanaryFigures NONE = new CanaryFigures(0, 0, 0, Map.of());

    public CanaryFigures {
        latencies = Map.copyOf(latencies);
    }

    long answers() {
        return requests - errors;
    }

    CanaryFigures plus(CanaryFigures other) {
        var sum = new TreeMap<>(latencies);
        other.latencies.forEach((bucket, count) -> sum.merge(bucket, count, Long::sum));
        return new CanaryFigures(
                requests + other.requests, errors + other.errors, costNanos + other.costNanos, sum);
    }

    /** What has come since; all of it where a counter has begun anew. */
    CanaryFigures since(CanaryFigures before) {
        if (requests < before.requests
                || errors < before.errors
                || answers() < before.answers()
                || costNanos < before.costNanos) {
            return this;
        }
        var more = new TreeMap<Integer, Long>();
        latencies.forEach(
                (bucket, count) -> {
                    long difference = count - before.latencies.getOrDefault(bucket, 0L);
                    if (difference > 0) {
                        more.put(bucket, difference);
                    }
                });
        return new CanaryFigures(
                requests - before.requests,
                errors - before.errors,
                costNanos - before.costNanos,
                more);
    }
}
