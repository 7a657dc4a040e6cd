package dev.tollgate.policy.share;

import dev.tollgate.policy.snapshot.LimitsEntry;
import java.util.function.ToLongFunction;

/** One number for each {@link RateKind}. */
public record Amounts(long requests, long tokens, long concurrent) {

    /** In a limit: there is none. */
    public static final long UNLIMITED = -1;

    public static final Amounts NONE = new Amounts(0, 0, 0);

    /** Limits, {@link #UNLIMITED} where there is none. */
    public static Amounts of(LimitsEntry limits) {
        var requests = limits.requestsPerMinute();
        var tokens = limits.tokensPerMinute();
        var concurrent = limits.maxConcurrent();
        return new Amounts(
                requests == null ? UNLIMITED : requests,
                tokens == null ? UNLIMITED : tokens,
                concurrent == null ? UNLIMITED : concurrent);
    }

    /** The number that a function has for each kind. */
    public static Amounts each(ToLongFunction<RateKind> amount) {
        return new Amounts(
                amount.applyAsLong(RateKind.REQUESTS),
                amount.applyAsLong(RateKind.TOKENS),
                amount.applyAsLong(RateKind.CONCURRENT));
    }

    public long of(RateKind kind) {
        return switch (kind) {
            case REQUESTS -> requests;
            case TOKENS -> tokens;
            case CONCURRENT -> concurrent;
        };
    }

    public boolean isNothing() {
        return equals(NONE);
    }
}
