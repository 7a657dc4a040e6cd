package dev.tollgate.policy.canary;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The states of all canaries and what was seen in their present steps: fed with the counters of
 * proxies, asked for a judgement every few seconds. Not thread-safe.
 *
 * <p>Proxies tell cumulative counters, of which the differences are summed, so repeated messages
 * and a proxy that starts again do no harm. What a proxy had counted before this book first heard
 * of it belongs to nobody. Figures are kept for the present step alone; those that were counted
 * under another percent are left out.
 */
public final class CanaryBook {

    /** Most counters that are taken of one proxy. */
    public static final int MAX_COUNTS = 4_096;

    private record Key(String route, String target, int percent) {
        static Key of(CanaryCount count) {
            return new Key(count.route(), count.target(), count.percent());
        }
    }

    private final Map<String, CanaryState> states = new HashMap<>();
    private final Map<Key, CanaryFigures> sums = new HashMap<>();
    private final Map<String, Map<Key, CanaryFigures>> heard = new HashMap<>();

    /**
     * @param kept by route, from before a restart
     */
    public CanaryBook(Map<String, CanaryState> kept) {
        states.putAll(kept);
    }

    /** Takes what a proxy has counted since it began. */
    public void counted(String proxy, List<CanaryCount> counts) {
        var before = heard.get(proxy);
        var now = new HashMap<Key, CanaryFigures>();
        for (var count : counts) {
            if (now.size() == MAX_COUNTS) {
                break;
            }
            var key = Key.of(count);
            now.put(key, count.figures());
            if (before != null) {
                var more = count.figures().since(before.getOrDefault(key, CanaryFigures.NONE));
                sums.merge(key, more, CanaryFigures::plus);
            }
        }
        heard.put(proxy, now);
    }

    /** Forgets proxies that are gone. */
    public void retainProxies(Set<String> live) {
        heard.keySet().retainAll(live);
    }

    /**
     * What a judgement changed.
     *
     * @param states some state is another
     * @param shares some canary has another percent: the snapshot must be compiled again
     */
    public record Changes(boolean states, boolean shares) {}

    /**
     * Judges every canary that there is; the others are forgotten.
     *
     * @param plans by route
     */
    public Changes judge(Map<String, CanaryPlan> plans, Instant now) {
        boolean changed = states.keySet().retainAll(plans.keySet());
        boolean shares = false;
        sums.keySet().removeIf(key -> !plans.containsKey(key.route()));
        for (var entry : plans.entrySet()) {
            var route = entry.getKey();
            var plan = entry.getValue();
            var state = states.get(route);
            int percent = plan.percent(state);
            var next = judged(route, plan, state, percent, now);
            if (!next.equals(state)) {
                changed = true;
                shares |= plan.percent(next) != percent;
                states.put(route, next);
                sums.keySet().removeIf(key -> key.route().equals(route));
            }
        }
        return new Changes(changed, shares);
    }

    private CanaryState judged(
            String route, CanaryPlan plan, @Nullable CanaryState state, int percent, Instant now) {
        var canary = CanaryFigures.NONE;
        var others = CanaryFigures.NONE;
        for (var sum : sums.entrySet()) {
            var key = sum.getKey();
            if (!key.route().equals(route) || key.percent() != percent) {
                continue;
            }
            if (key.target().equals(plan.target())) {
                canary = canary.plus(sum.getValue());
            } else {
                others = others.plus(sum.getValue());
            }
        }
        return CanaryJudge.next(plan, state, canary, others, now);
    }

    /** By route. */
    public Map<String, CanaryState> states() {
        return Map.copyOf(states);
    }
}
