package dev.tollgate.dataplane.upstream;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Names to addresses, remembered for {@link #FRESH} and, while the resolver fails, for {@link
 * #STALE}. Shared by all event loops; the look-up itself runs on a worker thread, because the
 * system's resolver blocks.
 */
public final class Addresses {

    /** An answer is used this long without asking again. */
    static final Duration FRESH = Duration.ofSeconds(30);

    /** A good answer survives failures of the resolver this long. */
    static final Duration STALE = Duration.ofMinutes(10);

    private static final int MAX_NAMES = 10_000;
    private static final int MAX_CONCURRENT = 64;

    /** The system's resolver, or a test's. */
    @FunctionalInterface
    public interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    private record Known(List<InetAddress> addresses, long atNanos) {}

    private final Vertx vertx;
    private final Resolver resolver;
    private final ConcurrentHashMap<String, Known> known = new ConcurrentHashMap<>();
    private final Semaphore running = new Semaphore(MAX_CONCURRENT);

    public Addresses(Vertx vertx, Resolver resolver) {
        this.vertx = vertx;
        this.resolver = resolver;
    }

    /** Addresses that need no look-up; null if one is needed. */
    @Nullable List<InetAddress> fresh(String host, long nowNanos) {
        var entry = known.get(host);
        return entry != null && nowNanos - entry.atNanos() < FRESH.toNanos()
                ? entry.addresses()
                : null;
    }

    /** Looks the name up; fails with {@link UnknownHostException}. */
    Future<List<InetAddress>> lookUp(String host) {
        if (!running.tryAcquire()) {
            return stillKnown(host, new UnknownHostException(host + ": too many look-ups at once"));
        }
        return vertx.executeBlocking(() -> List.of(resolver.resolve(host)), false)
                .onComplete(done -> running.release())
                .onSuccess(
                        addresses -> {
                            if (known.size() >= MAX_NAMES) {
                                known.clear();
                            }
                            known.put(host, new Known(addresses, System.nanoTime()));
                        })
                .recover(failure -> stillKnown(host, failure));
    }

    /** The next attempt asks again: a connection failed. */
    void distrust(String host) {
        known.computeIfPresent(
                host,
                (name, entry) ->
                        new Known(
                                entry.addresses(),
                                Math.min(entry.atNanos(), System.nanoTime() - FRESH.toNanos())));
    }

    private Future<List<InetAddress>> stillKnown(String host, Throwable failure) {
        var entry = known.get(host);
        return entry != null && System.nanoTime() - entry.atNanos() < STALE.toNanos()
                ? Future.succeededFuture(entry.addresses())
                : Future.failedFuture(failure);
    }
}
