package dev.tollgate.dataplane.exchange;

import dev.tollgate.policy.attempt.HedgeShare;
import dev.tollgate.policy.snapshot.PolicyEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What picking a target needs to know of each route: its rotation, its answers' length, and how
 * many of its requests may be hedged.
 */
final class RouteFigures {

    private static final int RANDOM_START = 1 << 16;

    private static final class Route {
        final AtomicLong turn = new AtomicLong(ThreadLocalRandom.current().nextInt(RANDOM_START));
        final MovingAverage outputTokens = new MovingAverage();
        final AtomicLong hedgeCredit = new AtomicLong();
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

    /** One more request of a rule that hedges. */
    void request(String route, int maxHedgedPercent) {
        of(route).hedgeCredit.updateAndGet(c -> HedgeShare.withRequest(c, maxHedgedPercent));
    }

    /** Takes the right to one hedge; false: the rule's share is spent. */
    boolean takeHedge(String route) {
        var credit = of(route).hedgeCredit;
        long before = credit.getAndUpdate(c -> HedgeShare.hasRoom(c) ? HedgeShare.withHedge(c) : c);
        return HedgeShare.hasRoom(before);
    }

    /** A hedge that was taken was not made. */
    void returnHedge(String route) {
        of(route).hedgeCredit.updateAndGet(HedgeShare::withoutHedge);
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
