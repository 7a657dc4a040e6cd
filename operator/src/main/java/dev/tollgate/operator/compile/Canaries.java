package dev.tollgate.operator.compile;

import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.operator.status.CanaryReport;
import dev.tollgate.policy.canary.CanaryBook;
import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.canary.CanaryPlan;
import dev.tollgate.policy.canary.CanaryState;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The canaries of a fleet: how far each has come is read from the statuses once, at the start, and
 * kept here from then on; the statuses follow. One thread, but for {@link #standings}.
 */
final class Canaries {

    private static final Logger LOG = LoggerFactory.getLogger(Canaries.class);

    private @Nullable CanaryBook book;
    private Map<String, CanaryPlan> plans = Map.of();
    private volatile Map<String, CanaryReport.Standing> standings = Map.of();

    /** Takes what the statuses say, the first time. */
    void restore(Supplier<List<RoutingPolicy>> policies) {
        if (book == null) {
            book = new CanaryBook(CanaryReport.states(policies.get()));
        }
    }

    /** By route; any thread. */
    Map<String, CanaryReport.Standing> standings() {
        return standings;
    }

    Map<String, CanaryState> states() {
        var known = book;
        return known == null ? Map.of() : known.states();
    }

    void counted(String proxy, List<CanaryCount> counts) {
        var known = book;
        if (known != null) {
            known.counted(proxy, counts);
        }
    }

    /** Judges by other plans from now on. */
    CanaryBook.Changes compiled(Map<String, CanaryPlan> now, Set<String> proxies, Instant time) {
        plans = now;
        return judge(proxies, time);
    }

    CanaryBook.Changes judge(Set<String> proxies, Instant time) {
        var known = book;
        if (known == null) {
            return new CanaryBook.Changes(false, false);
        }
        known.retainProxies(proxies);
        var changes = known.judge(plans, time.truncatedTo(ChronoUnit.MILLIS));
        if (changes.states() || !standings.keySet().equals(plans.keySet())) {
            publish(known.states());
        }
        return changes;
    }

    private void publish(Map<String, CanaryState> states) {
        var now = new HashMap<String, CanaryReport.Standing>();
        states.forEach(
                (route, state) -> {
                    var plan = plans.get(route);
                    if (plan != null) {
                        now.put(route, new CanaryReport.Standing(state, plan.percent(state)));
                        tell(route, state);
                    }
                });
        standings = Map.copyOf(now);
    }

    private void tell(String route, CanaryState state) {
        var before = standings.get(route);
        if (before == null || !before.state().equals(state)) {
            LOG.atInfo()
                    .addKeyValue("route", route)
                    .addKeyValue("target", state.target())
                    .addKeyValue("phase", state.phase())
                    .log("canary: {}", state.message());
        }
    }
}
