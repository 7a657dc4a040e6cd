package dev.tollgate.dataplane.exchange;

import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/** What picking a target needs to know of each route: its rotation and its answers' length. */
final class RouteFigures {

    private static final int RANDOM_START = 1 << 16;

    private static final class Route {
        final AtomicLong turn = new AtomicLong(ThreadLocalRandom.current().nextInt(RANDOM_START));
        final MovingAverage outputTokens = new MovingAverage();
    }

    private final ConcurrentHashMap<String, Route> routes = new ConcurrentHashMap<>();

    long nextTurn(String route) {
        return of(route).turn.getAndIncrement() & Long.MAX_VALUE;
    }

    void answered(String route, long outputTokens, long nowNanos) {
        of(route).outputTokens.add(outputTokens, nowNanos);
    }

    long meanOutputTokens(String route) {
        var known = routes.get(route);
        return known == null ? -1 : known.outputTokens.value();
    }

    private Route of(String route) {
        return routes.computeIfAbsent(route, name -> new Route());
    }

    /** Forgets routes whose policy or provider is gone. */
    void retain(Snapshot snapshot) {
        var live = ConcurrentHashMap.<String>newKeySet();
        snapshot.policies().stream().map(PolicyEntry::key).forEach(live::add);
        snapshot.providers().forEach(provider -> live.add(provider.key()));
        routes.keySet()
                .removeIf(route -> !live.contains(route.substring(0, route.lastIndexOf('/'))));
    }
}
