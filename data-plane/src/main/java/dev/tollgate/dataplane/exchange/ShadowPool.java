package dev.tollgate.dataplane.exchange;

import java.util.concurrent.ConcurrentHashMap;

/** How many copies each shadow has open; api.md, R22. Shared by all event loops of a proxy. */
public final class ShadowPool {

    private final ConcurrentHashMap<String, Integer> open = new ConcurrentHashMap<>();

    /**
     * @param shadow its route and name
     */
    boolean enter(String shadow, int most) {
        var entered = new boolean[1];
        open.compute(
                shadow,
                (key, count) -> {
                    int now = count == null ? 0 : count;
                    entered[0] = now < most;
                    return entered[0] ? Integer.valueOf(now + 1) : count;
                });
        return entered[0];
    }

    void leave(String shadow) {
        open.computeIfPresent(shadow, (key, count) -> count == 1 ? null : count - 1);
    }
}
