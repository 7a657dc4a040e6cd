package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.cache.CacheResult;
import dev.tollgate.dataplane.record.UsageRecord.Outcome;
import dev.tollgate.dataplane.telemetry.RequestSpan;

/** What is told of a request when it is over: its record, its metrics, its span. */
final class Conclusion {

    private Conclusion() {}

    /**
     * @param latency until the client had what it got, in nanoseconds
     */
    static void write(
            LoopParts loop,
            Tally tally,
            RequestSpan span,
            Outcome outcome,
            int status,
            long latency) {
        loop.recorder().write(tally.record(outcome, status, latency, span.ids().traceId()));
        tally.records++;
        var metrics = loop.metrics();
        tally.would().forEach((budget, verdict) -> metrics.shadowed(budget, verdict.word()));
        boolean hit = tally.cache == CacheResult.HIT;
        // how fast memory answers says nothing about the provider that gave the answer once
        var series =
                hit
                        ? metrics.route(tally.team, tally.route, "", "")
                        : metrics.route(tally.team, tally.route, tally.provider, tally.model);
        series.request(outcome.word(), latency);
        if (tally.firstTokenNanos >= 0) {
            series.firstToken(tally.firstTokenNanos);
        }
        if (tally.cost.nanos() > 0) {
            series.cost(tally.cost.nanos());
        }
        var usage = tally.usage;
        if (usage.input() + usage.output() > 0) {
            series.tokens(
                    usage.input(),
                    usage.cacheRead(),
                    usage.cacheWrite5m() + usage.cacheWrite1h(),
                    usage.output());
        }
        loop.drills().concluded(tally.attempts, tally.recorded, outcome);
        metrics.overhead(Math.max(0, latency - tally.upstreamNanos));
        metrics.cache(tally.cache);
        boolean fallback = tally.fallbackUsed();
        if (fallback) {
            metrics.fallback();
        }
        if (span.recorded()) {
            span.end(
                    new RequestSpan.Finish(
                            tally.requestId,
                            tally.team,
                            tally.caller,
                            tally.dialect,
                            tally.route,
                            tally.strategy,
                            tally.provider,
                            tally.model,
                            tally.modelRequested,
                            outcome.word(),
                            status,
                            tally.recorded.size(),
                            fallback,
                            hit,
                            tally.budgets(),
                            tally.steps(),
                            tally.shadows(),
                            tally.complexity));
        }
    }
}
