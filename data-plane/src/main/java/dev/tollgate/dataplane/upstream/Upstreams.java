package dev.tollgate.dataplane.upstream;

import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import dev.tollgate.policy.snapshot.Snapshot;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The pools of one event loop, by provider. Not thread-safe. A pool outlives snapshots as long as
 * its {@link Upstream.Transport} stays the same, so a change elsewhere closes no connection.
 */
public final class Upstreams {

    /** Calls of a pool that was replaced may go on for this long: a whole request. */
    private static final long DRAIN_MILLIS = 600_000;

    private final Vertx vertx;
    private final Addresses addresses;
    private final int poolSize;
    private final Map<String, Upstream> byProvider = new HashMap<>();

    /**
     * @param poolSize connections to one provider from this event loop
     */
    public Upstreams(Vertx vertx, Addresses addresses, int poolSize) {
        this.vertx = vertx;
        this.addresses = addresses;
        this.poolSize = poolSize;
    }

    /** The pool of a provider, made on first use. */
    public Upstream of(ProviderEntry provider, EndpointPolicy policy) {
        var known = byProvider.get(provider.key());
        if (known != null && serves(known, provider, policy)) {
            return known;
        }
        var made =
                new Upstream(vertx, addresses, Upstream.Transport.of(provider, policy, poolSize));
        byProvider.put(provider.key(), made);
        if (known != null) {
            known.retire(DRAIN_MILLIS);
        }
        return made;
    }

    private boolean serves(Upstream known, ProviderEntry provider, EndpointPolicy policy) {
        var transport = known.transport();
        return transport.url().equals(provider.url())
                && transport.inCluster() == provider.inCluster()
                && transport.policy() == policy
                && Objects.equals(transport.caCertificates(), provider.caCertificates());
    }

    /** Lets go of the pools of providers that are gone. */
    public void retain(Snapshot snapshot) {
        var live =
                snapshot.providers().stream()
                        .map(ProviderEntry::key)
                        .collect(Collectors.toUnmodifiableSet());
        byProvider
                .entrySet()
                .removeIf(
                        entry -> {
                            boolean gone = !live.contains(entry.getKey());
                            if (gone) {
                                entry.getValue().retire(DRAIN_MILLIS);
                            }
                            return gone;
                        });
    }

    /** Closes all of them, once running calls have ended or the grace is over. */
    public Future<Void> close(long graceMillis) {
        var all = byProvider.values().stream().map(each -> each.retire(graceMillis)).toList();
        byProvider.clear();
        return Future.join(all).mapEmpty();
    }
}
