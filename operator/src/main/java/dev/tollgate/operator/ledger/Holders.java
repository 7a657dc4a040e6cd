package dev.tollgate.operator.ledger;

import dev.tollgate.policy.budget.HolderId;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Which proxies have registered with this ledger, and when they came or left: for people. */
public final class Holders {

    /** One more takes the place of who left first; is everybody here, it is not kept. */
    static final int MAX = 10_000;

    /**
     * @param proxy UID of its pod, or the name of the process
     * @param since when it came or left
     */
    public record Seen(String proxy, boolean connected, Instant since) {}

    private final Map<HolderId, Seen> seen = new ConcurrentHashMap<>();

    void came(HolderId holder, String proxy, Instant now) {
        if (seen.size() >= MAX && !seen.containsKey(holder)) {
            seen.entrySet().stream()
                    .filter(each -> !each.getValue().connected())
                    .min(Comparator.comparing(each -> each.getValue().since()))
                    .ifPresent(first -> seen.remove(first.getKey(), first.getValue()));
        }
        if (seen.size() < MAX || seen.containsKey(holder)) {
            seen.put(holder, new Seen(proxy, true, now));
        }
    }

    void left(HolderId holder, Instant now) {
        seen.computeIfPresent(holder, (_, known) -> new Seen(known.proxy(), false, now));
    }

    public Map<HolderId, Seen> all() {
        return Map.copyOf(seen);
    }
}
