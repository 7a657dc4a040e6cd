package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What providers have billed against what usage records say, call by call, of models with a prefix.
 *
 * <p>A record whose cost is known names the cost of each of its attempts: each must be a call of
 * that model on the bill with that cost to the nano-dollar, and no two may name the same call. What
 * is on the bill beyond these are calls that were cut: each needs an attempt of a record marked
 * {@code cost_assumed}, of the same model, that was charged at least as much.
 *
 * @param billed by model, nano-dollars of each call that was charged
 */
record Bill(Map<String, List<Long>> billed) {

    /** Of all calls whose model begins so. */
    static Bill of(Collection<SimulatedProvider> referees, String prefix) throws Exception {
        var billed = new HashMap<String, List<Long>>();
        for (var referee : referees) {
            for (var call : referee.calls()) {
                var model = call.get("model").textValue();
                var nanos = call.get("nanos").longValue();
                if (model.startsWith(prefix) && nanos > 0) {
                    billed.computeIfAbsent(model, any -> new ArrayList<>()).add(nanos);
                }
            }
        }
        return new Bill(billed);
    }

    long totalNanos() {
        return billed.values().stream()
                .flatMap(List::stream)
                .mapToLong(Long::longValue)
                .reduce(0, Math::addExact);
    }

    int calls() {
        return billed.values().stream().mapToInt(List::size).sum();
    }

    /** Every call is in exactly one record; see above. */
    void assertRecorded(Collection<JsonNode> records) {
        var left = new HashMap<String, List<Long>>();
        billed.forEach((model, costs) -> left.put(model, new ArrayList<>(costs)));
        var assumed = new HashMap<String, List<Long>>();
        for (var record : records) {
            var isAssumed = record.path("cost_assumed").asBoolean();
            for (var attempt : record.get("attempts")) {
                var model = attempt.get("model").textValue();
                var nanos = Standalone.nanos(attempt);
                if (nanos == 0) {
                    continue;
                }
                if (isAssumed) {
                    assumed.computeIfAbsent(model, any -> new ArrayList<>()).add(nanos);
                } else {
                    assertThat(left.getOrDefault(model, new ArrayList<>()).remove(nanos))
                            .as("on the bill of %s: %d of %s", model, nanos, record)
                            .isTrue();
                }
            }
        }
        left.forEach(
                (model, costs) -> {
                    var charged = new ArrayList<>(assumed.getOrDefault(model, List.of()));
                    costs.sort(Comparator.reverseOrder());
                    charged.sort(Comparator.reverseOrder());
                    assertThat(costs.size())
                            .as("calls of %s with no record: %s of %s", model, costs, charged)
                            .isLessThanOrEqualTo(charged.size());
                    for (int i = 0; i < costs.size(); i++) {
                        assertThat(charged.get(i))
                                .as("assumed of %s: %s, billed: %s", model, charged, costs)
                                .isGreaterThanOrEqualTo(costs.get(i));
                    }
                });
    }

    /** Nano-dollars of all these records. */
    static long recorded(Collection<JsonNode> records) {
        return records.stream().mapToLong(Standalone::nanos).reduce(0, Math::addExact);
    }
}
