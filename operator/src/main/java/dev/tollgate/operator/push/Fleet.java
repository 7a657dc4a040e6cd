package dev.tollgate.operator.push;

import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.policy.snapshot.RevisionNumber;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The proxies and what they serve: an immutable value. {@link FleetRules} holds the transitions.
 *
 * @param newest what the compiler published last; null before the first
 * @param verified the newest release that at least one proxy serves with; what a proxy that joins
 *     may have at once
 * @param settled the newest release that every live proxy served with at the same time
 * @param credentials revision of the credentials that every proxy is to hold, 0 if none yet
 */
public record Fleet(
        Map<String, Proxy> proxies,
        Rollout rollout,
        @Nullable Release newest,
        @Nullable Release verified,
        @Nullable Release settled,
        long credentials) {

    /** A proxy that was not heard for longer is not live (api.md, S14). */
    public static final Duration LIVE_WITHIN = Duration.ofSeconds(15);

    public Fleet {
        proxies = Collections.unmodifiableMap(new TreeMap<>(proxies));
    }

    /** Nobody there, nothing published. */
    public static Fleet empty() {
        return new Fleet(Map.of(), new Rollout.Nothing(), null, null, null, 0);
    }

    /**
     * After a restart of the operator: the proxies that were live count as such, serving what they
     * all had acknowledged, until they are heard or are too long silent.
     */
    public static Fleet restored(Release settled, List<String> names, Instant now) {
        var proxies = new TreeMap<String, Proxy>();
        for (var name : names) {
            proxies.put(
                    name,
                    new Proxy(
                            name,
                            0,
                            now,
                            settled,
                            settled.revision(),
                            settled.digest(),
                            0,
                            List.of(),
                            new ProxyState.Away()));
        }
        return new Fleet(proxies, new Rollout.Nothing(), null, null, settled, 0);
    }

    public List<Proxy> live(Instant now) {
        return proxies.values().stream()
                .filter(p -> !p.heard().plus(LIVE_WITHIN).isBefore(now))
                .toList();
    }

    /** Names of proxies that are known and not live. */
    public Set<String> silent(Instant now) {
        var silent = new TreeSet<>(proxies.keySet());
        live(now).forEach(proxy -> silent.remove(proxy.name()));
        return silent;
    }

    /** How far one generation of one object has come. */
    public Progress progress(ResourceKey object, long generation, Instant now) {
        var live = live(now);
        int holding = 0;
        for (var proxy : live) {
            if (proxy.applied() != null && proxy.applied().holds(object, generation)) {
                holding++;
            }
        }
        int unable =
                (int)
                        live.stream()
                                .filter(p -> p.state() instanceof ProxyState.Incompatible)
                                .count();
        return new Progress(holding, live.size(), unable);
    }

    /**
     * @param holding live proxies that acknowledged a release with the object's generation
     * @param live all live proxies
     * @param unable those of them that are of a version that cannot read our snapshots
     */
    public record Progress(int holding, int live, int unable) {
        public boolean complete() {
            return live > 0 && holding == live;
        }

        @Override
        public String toString() {
            var all = holding + "/" + live + " proxies";
            return unable == 0
                    ? all
                    : all + "; " + unable + " of a version that cannot read this snapshot";
        }
    }

    /** The lowest revision that a live proxy serves; for the metric. */
    public RevisionNumber lowestApplied(Instant now) {
        return live(now).stream()
                .map(Proxy::said)
                .min(RevisionNumber::compareTo)
                .orElse(RevisionNumber.NONE);
    }
}
