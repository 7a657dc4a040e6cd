package dev.tollgate.dataplane.telemetry;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The counters of one (team, route, provider, model). */
public final class RouteSeries {

    /** Label values of {@code tollgate_tokens_total}; {@code input} excludes both cache kinds. */
    enum TokenKind {
        INPUT("input"),
        CACHE_READ("cache_read"),
        CACHE_WRITE("cache_write"),
        OUTPUT("output");

        final String label;

        TokenKind(String label) {
            this.label = label;
        }
    }

    record Key(String team, String route, String provider, String model) {}

    final Key key;
    final ConcurrentHashMap<String, LongAdder> byOutcome = new ConcurrentHashMap<>();
    final LongAdder costNanos = new LongAdder();
    final LongAdder[] tokens = new LongAdder[TokenKind.values().length];
    final Histogram seconds;
    final Histogram firstToken;

    RouteSeries(Key key, Histogram seconds, Histogram firstToken) {
        this.key = key;
        this.seconds = seconds;
        this.firstToken = firstToken;
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = new LongAdder();
        }
    }

    /**
     * Counts a request.
     *
     * @param outcome one of a fixed set of words
     */
    public void request(String outcome, long latencyNanos) {
        byOutcome.computeIfAbsent(outcome, o -> new LongAdder()).increment();
        seconds.observe(latencyNanos);
    }

    public void firstToken(long nanos) {
        firstToken.observe(nanos);
    }

    public void cost(long nanoDollars) {
        costNanos.add(nanoDollars);
    }

    /** {@code input} is all input, cached input included. */
    public void tokens(long input, long cacheRead, long cacheWrite, long output) {
        tokens[TokenKind.INPUT.ordinal()].add(Math.max(0, input - cacheRead - cacheWrite));
        tokens[TokenKind.CACHE_READ.ordinal()].add(cacheRead);
        tokens[TokenKind.CACHE_WRITE.ordinal()].add(cacheWrite);
        tokens[TokenKind.OUTPUT.ordinal()].add(output);
    }
}
