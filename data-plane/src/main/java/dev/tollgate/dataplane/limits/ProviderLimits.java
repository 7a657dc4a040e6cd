package dev.tollgate.dataplane.limits;

import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.share.RateUse;
import dev.tollgate.policy.snapshot.LimitsEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The limits of every provider's account and what this proxy has used of them. Any thread. */
public final class ProviderLimits {

    private final IntSupplier proxies;
    private final ConcurrentHashMap<String, Meter> meters = new ConcurrentHashMap<>();
    private volatile Map<String, LimitsEntry> limits = Map.of();

    /**
     * @param proxies live ones, which share the limits; at least 1
     */
    public ProviderLimits(IntSupplier proxies) {
        this.proxies = proxies;
    }

    /** Takes the limits of a new snapshot; counts go on. */
    public void apply(Snapshot snapshot) {
        var next = new HashMap<String, LimitsEntry>();
        for (var provider : snapshot.providers()) {
            if (provider.limits() != null) {
                next.put(provider.key(), provider.limits());
            }
        }
        limits = Map.copyOf(next);
        meters.keySet().retainAll(next.keySet());
    }

    /** When a provider that is near a limit has room again; null: it has. */
    public @Nullable Instant nearUntil(String provider, Instant now) {
        var limit = limits.get(provider);
        if (limit == null) {
            return null;
        }
        long second = now.getEpochSecond();
        var full = meter(provider).full(limit, 1, proxies.getAsInt(), second);
        return full == null ? null : Instant.ofEpochSecond(second + full.seconds());
    }

    /**
     * Counts a call that begins, unless a limit is reached by now: others may have begun since
     * {@link #nearUntil} was asked. A call that is counted is followed by one {@link #end}.
     */
    public boolean begin(String provider, long tokens, Instant now) {
        var limit = limits.get(provider);
        return limit == null
                || meter(provider).enter(limit, tokens, proxies.getAsInt(), now.getEpochSecond())
                        == null;
    }

    /**
     * @param moreTokens than were counted at the begin
     */
    public void end(String provider, long moreTokens, Instant now) {
        var meter = meters.get(provider);
        if (meter != null && meter.concurrent() > 0) {
            meter.end(moreTokens, now.getEpochSecond());
        }
    }

    /** What there is to say of every account. */
    Stream<RateUse> uses(long second) {
        return meters.values().stream().map(meter -> meter.use(second)).filter(Objects::nonNull);
    }

    /** A share of the limits that are stated; of others it means nothing. */
    void told(String provider, Amounts share) {
        if (limits.containsKey(provider)) {
            meter(provider).told(share);
        }
    }

    /** All whose limits are stated. */
    Stream<RateShares.Account> accounts(long second) {
        return limits.entrySet().stream()
                .map(
                        stated ->
                                new RateShares.Account(
                                        Amounts.of(stated.getValue()),
                                        meter(stated.getKey()).counted(second)));
    }

    Stream<Meter> meters() {
        return meters.values().stream();
    }

    /** A share that was taken, not told. */
    void shared(String provider, Amounts share) {
        var meter = meters.get(provider);
        if (meter != null) {
            meter.shared(share);
        }
    }

    private Meter meter(String provider) {
        return meters.computeIfAbsent(provider, key -> new Meter(LimitKey.provider(key)));
    }
}
