package dev.tollgate.dataplane.limits;

import dev.tollgate.policy.snapshot.LimitsEntry;
import org.jspecify.annotations.Nullable;

/**
 * What one account or team has used of its limits, as far as this proxy serves it: a proxy keeps to
 * its share, the limit by the number of live proxies. Any thread.
 */
final class Meter {

    /** The limits, in the words of the resource. */
    enum Kind {
        REQUESTS("requestsPerMinute"),
        TOKENS("tokensPerMinute"),
        CONCURRENT("maxConcurrent");

        private final String field;

        Kind(String field) {
            this.field = field;
        }

        String field() {
            return field;
        }
    }

    /**
     * A limit that is reached.
     *
     * @param limit of the fleet
     * @param seconds until there is room again, a guess where calls at a time are limited
     */
    record Full(Kind kind, long limit, long seconds) {}

    private static final int PERCENT = 100;

    private final SlidingWindow requests = new SlidingWindow();
    private final SlidingWindow tokens = new SlidingWindow();
    private int concurrent;

    /** What keeps one more request of this many tokens out; null: nothing. */
    synchronized @Nullable Full full(
            LimitsEntry limits, long tokenCount, int proxies, long second) {
        var perMinute = limits.requestsPerMinute();
        if (perMinute != null) {
            long wait = requests.secondsUntil(second, part(perMinute, limits, proxies), 1);
            if (wait > 0) {
                return new Full(Kind.REQUESTS, perMinute, wait);
            }
        }
        var tokensPerMinute = limits.tokensPerMinute();
        if (tokensPerMinute != null) {
            // a request larger than the whole limit passes when nothing else is counted
            long part = part(tokensPerMinute, limits, proxies);
            long wait = tokens.secondsUntil(second, part, Math.min(tokenCount, part));
            if (wait > 0) {
                return new Full(Kind.TOKENS, tokensPerMinute, wait);
            }
        }
        var atOnce = limits.maxConcurrent();
        return atOnce != null && concurrent >= Math.max(1, atOnce / proxies)
                ? new Full(Kind.CONCURRENT, atOnce, 1)
                : null;
    }

    private static long part(long limit, LimitsEntry limits, int proxies) {
        return Math.max(1, limit / proxies * limits.skipAbovePercent() / PERCENT);
    }

    /** Counts a request that begins, unless a limit is reached. */
    synchronized @Nullable Full enter(
            LimitsEntry limits, long tokenCount, int proxies, long second) {
        var full = full(limits, tokenCount, proxies, second);
        if (full == null) {
            begin(tokenCount, second);
        }
        return full;
    }

    synchronized void begin(long tokenCount, long second) {
        requests.add(second, 1);
        tokens.add(second, tokenCount);
        concurrent++;
    }

    /** It has ended, and used so many tokens more than was counted at its begin. */
    synchronized void end(long moreTokens, long second) {
        tokens.add(second, Math.max(0, moreTokens));
        concurrent--;
    }

    /** It was not made. */
    synchronized void undo(long tokenCount, long second) {
        requests.add(second, -1);
        tokens.add(second, -tokenCount);
        concurrent--;
    }

    synchronized int concurrent() {
        return concurrent;
    }
}
