package dev.tollgate.policy.violation;

import dev.tollgate.crds.budget.ViolationStatus;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.policy.snapshot.BudgetEntry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The last violation of each Budget that the fleet has told of. Statuses keep it over a restart;
 * proxies tell again what the snapshot does not show. That of a Budget that is deleted is kept
 * unless it was acknowledged, so that one who creates it again does not go on as if nothing had
 * happened. Not thread-safe.
 */
public final class ViolationBook {

    /** Most that are kept of Budgets that are gone. */
    static final int MAX = 1_024;

    /** Most that one heartbeat tells. */
    public static final int MAX_TOLD = 64;

    private final Map<String, ViolationStatus> latest = new HashMap<>();
    private final Set<String> acknowledged = new HashSet<>();
    private Map<String, BudgetEntry> budgets = Map.of();
    private boolean restored;

    /** Takes what statuses say, the first time. */
    public void restore(Supplier<List<Budget>> now) {
        if (restored) {
            return;
        }
        restored = true;
        for (var budget : now.get()) {
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
                            proxy,
                            violation.stops());
            if (budgets.containsKey(violation.budget()) && add(violation.budget(), status)) {
                added.add(violation);
            }
        }
        return added;
    }

    private boolean add(String budget, ViolationStatus violation) {
        var known = latest.get(budget);
        if (known != null) {
            int more = weight(budget, violation) - weight(budget, known);
            if (more < 0 || more == 0 && !violation.at().isAfter(known.at())) {
                return false;
            }
        }
        latest.put(budget, violation);
        return true;
    }

    /** One that stops the Budget is not covered up by one that does not. */
    private int weight(String budget, ViolationStatus violation) {
        var entry = budgets.get(budget);
        if (entry != null && entry.acknowledges(violation.at().toEpochMilli())) {
            return 0;
        }
        return violation.stops() ? 2 : 1;
    }

    /** The Budgets as they are served from now on. */
    public void compiled(List<BudgetEntry> entries) {
        var served = new HashMap<String, BudgetEntry>();
        for (var entry : entries) {
            served.put(entry.key(), entry);
            var last = latest.get(entry.key());
            if (last != null && entry.acknowledges(last.at().toEpochMilli())) {
                acknowledged.add(entry.key());
            } else {
                acknowledged.remove(entry.key());
            }
        }
        budgets = Map.copyOf(served);
        latest.keySet().removeIf(key -> !served.containsKey(key) && acknowledged.contains(key));
        acknowledged.retainAll(latest.keySet());
        latest.entrySet().stream()
                .filter(e -> !served.containsKey(e.getKey()))
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
}
