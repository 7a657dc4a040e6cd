package dev.tollgate.operator.push;

import dev.tollgate.policy.push.FromOperator;
import dev.tollgate.policy.push.RateReport;
import dev.tollgate.policy.push.RateStore;
import dev.tollgate.policy.share.Amounts;
import dev.tollgate.policy.share.LimitKey;
import dev.tollgate.policy.share.ShareBook;
import dev.tollgate.policy.share.ShareMessages;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * Divides every limit of providers and teams among the proxies (api.md, S26): {@link ShareBook} fed
 * with what they report every 2 s. Confined to the push server's event loop, but for {@link
 * #stores}.
 */
final class LimitDivision {

    /**
     * What proxies hold that were there before a restart of the operator is not known for so long.
     */
    private static final Duration UNKNOWN_FOR = Duration.ofSeconds(15);

    /** In a large fleet divisions are further apart: a proxy hears of few a second. */
    private static final int PROXIES_PER_TICK = 8;

    private final ShareBook book = new ShareBook();
    private final Instant began;
    private final Set<String> gone = new TreeSet<>();
    private volatile Map<String, RateStore> stores = Map.of();
    private boolean heard;
    private long ticks;

    LimitDivision(Instant began) {
        this.began = began;
    }

    void limits(Map<LimitKey, Amounts> limits) {
        book.limits(limits);
        heard = true;
    }

    void connected(String proxy) {
        book.connected(proxy);
        gone.remove(proxy);
    }

    void reported(String proxy, RateReport report) {
        book.reported(proxy, report.getSeen(), ShareMessages.uses(report));
        if (stores.get(proxy) != report.getStore()) {
            var next = new HashMap<>(stores);
            next.put(proxy, report.getStore());
            stores = Map.copyOf(next);
        }
        heard = true;
    }

    /** Their pods do not exist any more: what they held is free. */
    void gone(Set<String> proxies) {
        gone.addAll(proxies);
        heard = true;
    }

    /** Tells proxies their new shares, if anything was reported since the last time. */
    void tick(Fleet fleet, Instant now, BiConsumer<Long, FromOperator> send) {
        int live = fleet.live(now).size();
        ticks++;
        if (!heard || ticks % (1 + live / PROXIES_PER_TICK) != 0) {
            return;
        }
        heard = false;
        var known = new TreeSet<>(fleet.proxies().keySet());
        gone.retainAll(known);
        known.removeAll(gone);
        book.retain(known);
        if (!known.containsAll(stores.keySet())) {
            var next = new HashMap<>(stores);
            next.keySet().retainAll(known);
            stores = Map.copyOf(next);
        }
        var connected =
                fleet.proxies().values().stream()
                        .filter(Proxy::connected)
                        .map(Proxy::name)
                        .collect(Collectors.toSet());
        boolean mayGrow = now.isAfter(began.plus(UNKNOWN_FOR)) || book.knows(known);
        book.divide(connected, Math.max(1, live), mayGrow)
                .forEach(
                        (name, told) -> {
                            var proxy = fleet.proxies().get(name);
                            if (proxy != null) {
                                send.accept(
                                        proxy.connection(),
                                        FromOperator.newBuilder()
                                                .setRates(ShareMessages.shares(told))
                                                .build());
                            }
                        });
    }

    /** Where each proxy counts; any thread. */
    Map<String, RateStore> stores() {
        return stores;
    }
}
