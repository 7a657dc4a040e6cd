package dev.tollgate.dataplane.limits;

import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.share.RateKind;
import dev.tollgate.policy.share.RateUse;
import dev.tollgate.policy.share.ShareRule;
import dev.tollgate.policy.snapshot.LimitsEntry;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one account or team has used of its limits, as far as this proxy serves it, and this proxy's
 * share of them: the one that it took from a store that proxies share, the one that it was told,
 * else an equal part of live proxies. Any thread.
 */
final class Meter {

    /**
     * A limit that is reached.
     *
     * @param limit of the fleet
     * @param seconds until there is room again, a guess where calls at a time are limited
     */
    record Full(RateKind kind, long limit, long seconds) {}

    private static final int PERCENT = 100;

    /** A share that is too small has grown by then, if others need less than theirs. */
    private static final long SHARE_GROWS_SECONDS = 2;

    private final SlidingWindow requests = new SlidingWindow();
    private final SlidingWindow tokens = new SlidingWindow();
    private final SlidingWindow[] refused = new SlidingWindow[RateKind.values().length];
    private final Map<RateKind, Long> refusesSince = new EnumMap<>(RateKind.class);
    private final LimitKey key;
    private int concurrent;
    private @Nullable Amounts share;
    private @Nullable Amounts shared;
    private boolean sharedIsOld;

    Meter(LimitKey key) {
        this.key = key;
        Arrays.setAll(refused, kind -> new SlidingWindow());
    }

    /** What keeps one more request of this many tokens out; null: nothing. */
    synchronized @Nullable Full full(
            LimitsEntry limits, long tokenCount, int proxies, long second) {
        var perMinute = limits.requestsPerMinute();
        if (perMinute != null) {
            long part = part(RateKind.REQUESTS, perMinute, limits, proxies);
            long wait = requests.secondsUntil(second, part, 1);
            if (wait > 0) {
                return full(RateKind.REQUESTS, perMinute, part, 1, wait, second);
            }
        }
        var tokensPerMinute = limits.tokensPerMinute();
        if (tokensPerMinute != null) {
            // a request larger than the whole limit passes when nothing else is counted
            long part = part(RateKind.TOKENS, tokensPerMinute, limits, proxies);
            long wait = tokens.secondsUntil(second, part, Math.min(tokenCount, part));
            if (wait > 0) {
                return full(RateKind.TOKENS, tokensPerMinute, part, tokenCount, wait, second);
            }
        }
        var atOnce = limits.maxConcurrent();
        if (atOnce != null) {
            long part = share(RateKind.CONCURRENT, atOnce, proxies);
            if (concurrent >= part) {
                return full(RateKind.CONCURRENT, atOnce, part, 1, 1, second);
            }
        }
        refusesSince.clear();
        return null;
    }

    private Full full(RateKind kind, long limit, long part, long count, long seconds, long second) {
        refused[kind.ordinal()].add(second, count);
        long since = refusesSince.computeIfAbsent(kind, each -> second);
        boolean mayGrow = part < limit && second - since <= SHARE_GROWS_SECONDS;
        return new Full(kind, limit, mayGrow ? Math.min(seconds, SHARE_GROWS_SECONDS) : seconds);
    }

    private long part(RateKind kind, long limit, LimitsEntry limits, int proxies) {
        long part = share(kind, limit, proxies);
        return part == 0 ? 0 : Math.max(1, part * limits.skipAbovePercent() / PERCENT);
    }

    private long share(RateKind kind, long limit, int proxies) {
        var mine = shared == null || sharedIsOld && share != null ? share : shared;
        long told = mine == null ? Amounts.UNLIMITED : mine.of(kind);
        return told == Amounts.UNLIMITED
                ? ShareRule.equalPart(limit, proxies)
                : Math.min(limit, told);
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

    /** From now on it is this share that is kept to. */
    synchronized void told(Amounts told) {
        share = told;
    }

    /** From now on it is this share that is kept to, whatever is told. */
    synchronized void shared(Amounts taken) {
        shared = taken;
        sharedIsOld = false;
    }

    /** A share that is told is kept to rather than the one that was taken. */
    synchronized void sharedIsOld() {
        sharedIsOld = true;
    }

    /** What it has counted. */
    synchronized RateUse counted(long second) {
        var used = new Amounts(requests.sum(second), tokens.sum(second), concurrent);
        var demand = Amounts.each(kind -> used.of(kind) + refused[kind.ordinal()].sum(second));
        return new RateUse(key, share, used, demand);
    }

    /** What there is to say of it; null: nothing was told and nothing is used. */
    synchronized @Nullable RateUse use(long second) {
        var counted = counted(second);
        return share == null && counted.demand().isNothing() ? null : counted;
    }
}
