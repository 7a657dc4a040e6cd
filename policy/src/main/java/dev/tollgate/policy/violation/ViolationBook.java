package dev.tollgate.policy.violation;

import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The last violation of each Budget that the fleet has told of. Statuses keep it over a restart;
 * proxies tell again what the snapshot does not show. That of a Budget that is deleted is kept
 * unless it was acknowledged, so that one who creates it again does not go on as if nothing had
 * happened. Not thread-safe.
 */
public final class ViolationBook {

    /** Most that are taken of one proxy, and that are kept of Budgets that are gone. */
    public static final int MAX = 1_024;

    private final Map<String, ViolationStatus> latest = new HashMap<>();
    private final Set<String> acknowledged = new HashSet<>();
    private Set<String> budgets = Set.of();
    private boolean restored;

    /** Takes what statuses say, the first time. */
    public void restore(List<Budget> now) {
        if (restored) {
            return;
        }
        restored = true;
        for (var budget : now) {
            var status = budget.status();
            var last = status == null ? null : status.lastViolation();
            if (last != null) {
                add(budget.metadata().namespace() + "/" + budget.metadata().name(), last);
            }
        }
    }

    /**
     * What a proxy has seen; again and again until the snapshot shows it.
     *
     * @return those that are new
     */
    public List<Violation> told(String proxy, List<Violation> violations) {
        var added = new ArrayList<Violation>();
        for (var violation : violations) {
            var status =
                    new ViolationStatus(
                            violation.at(),
                            violation.request(),
                            violation.cost().toString(),
                            violation.bound().toString(),
                            proxy);
            if (budgets.contains(violation.budget()) && add(violation.budget(), status)) {
                added.add(violation);
            }
        }
        return added;
    }

    private boolean add(String budget, ViolationStatus violation) {
        var known = latest.get(budget);
        if (known != null && !violation.at().isAfter(known.at())) {
            return false;
        }
        latest.put(budget, violation);
        return true;
    }

    /** The Budgets as they are served from now on. */
    public void compiled(List<BudgetEntry> entries) {
        var served = new HashSet<String>();
        for (var entry : entries) {
            served.add(entry.key());
            var last = latest.get(entry.key());
            if (last != null && entry.acknowledges(last.at().toEpochMilli())) {
                acknowledged.add(entry.key());
            } else {
                acknowledged.remove(entry.key());
            }
        }
        budgets = Set.copyOf(served);
        latest.keySet().removeIf(key -> !served.contains(key) && acknowledged.contains(key));
        acknowledged.retainAll(latest.keySet());
        latest.entrySet().stream()
                .filter(e -> !served.contains(e.getKey()))
                .sorted(Comparator.comparing(e -> e.getValue().at(), Comparator.reverseOrder()))
                .skip(MAX)
                .map(Map.Entry::getKey)
                .toList()
                .forEach(latest::remove);
    }

    /** By Budget, {@code namespace/name}. */
    public Map<String, ViolationStatus> latest() {
        return Map.copyOf(latest);
    }

    /** When the last one was, by Budget. */
    public Map<String, Instant> times() {
        var times = new HashMap<String, Instant>();
        latest.forEach((budget, violation) -> times.put(budget, violation.at()));
        return Map.copyOf(times);
    }
}
