package dev.tollgate.dataplane.exchange;

import dev.tollgate.policy.route.HeaderLookup;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.MultiMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Labels of cost that a Budget's headers give (api.md, B11): beyond a tag's {@code maxValues} new
 * values become {@code _other}. They never choose who pays. Shared by all event loops.
 */
public final class TagValues {

    private static final String OTHER = "_other";
    private static final int MAX_VALUE_LENGTH = 64;
    private static final int MAX_TAGS_KNOWN = 4_096;

    private final ConcurrentHashMap<String, Set<String>> seen = new ConcurrentHashMap<>();

    /** Forgets the values of Budgets that are gone: their room is for others. */
    public void retain(List<BudgetEntry> budgets) {
        var present = new HashSet<String>();
        for (var budget : budgets) {
            budget.tags().forEach(tag -> present.add(key(budget.key(), tag)));
        }
        seen.keySet().retainAll(present);
    }

    private static String key(String budget, BudgetEntry.Tag tag) {
        return budget + "/" + tag.name();
    }

    Map<String, String> of(List<BudgetEntry> budgets, HeaderLookup headers) {
        Map<String, String> tags = Map.of();
        for (var budget : budgets) {
            for (var tag : budget.tags()) {
                var value = headers.first(tag.header());
                if (value == null || value.isBlank()) {
                    continue;
                }
                if (tags.isEmpty()) {
                    tags = new LinkedHashMap<>();
                }
                tags.putIfAbsent(tag.name(), admitted(budget.key(), tag, value));
            }
        }
        return tags;
    }

    /** A tag's header that is there more than once: which value to count is not ours to say. */
    static @Nullable String repeated(List<BudgetEntry> budgets, MultiMap headers) {
        for (var budget : budgets) {
            for (var tag : budget.tags()) {
                if (headers.contains(tag.header()) && Wishes.isRepeated(headers, tag.header())) {
                    return tag.header();
                }
            }
        }
        return null;
    }

    private String admitted(String budget, BudgetEntry.Tag tag, String value) {
        var cut = value.length() > MAX_VALUE_LENGTH ? value.substring(0, MAX_VALUE_LENGTH) : value;
        var key = key(budget, tag);
        if (!seen.containsKey(key) && seen.size() >= MAX_TAGS_KNOWN) {
            return OTHER;
        }
        var values = seen.computeIfAbsent(key, k -> ConcurrentHashMap.newKeySet());
        if (values.contains(cut)) {
            return cut;
        }
        if (values.size() >= tag.maxValues()) {
            return OTHER;
        }
        values.add(cut);
        return cut;
    }
}
