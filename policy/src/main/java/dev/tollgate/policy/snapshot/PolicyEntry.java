package dev.tollgate.policy.snapshot;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One RoutingPolicy: client-visible model names and how each is served.
 *
 * @param key {@code namespace/name}
 * @param models exact names or patterns with one leading or one trailing {@code *}
 * @param visibleTo callers' namespaces
 * @param override wins over the caller's own policies
 * @param answersRequestedModel the answer names the requested model, else the served one
 * @param regions allowed regions, null: all
 * @param maxCostNanosPerRequest null: none
 * @param cache null: answers are not kept
 * @param moderateFrom the lowest complexity score of class {@code MODERATE}
 * @param complexFrom the lowest complexity score of class {@code COMPLEX}
 */
public record PolicyEntry(
        String key,
        List<String> models,
        NamespaceSet visibleTo,
        boolean override,
        boolean answersRequestedModel,
        @Nullable List<String> regions,
        @Nullable Long maxCostNanosPerRequest,
        @Nullable Cache cache,
        int moderateFrom,
        int complexFrom,
        List<RuleEntry> rules) {

    public PolicyEntry {
        models = List.copyOf(models);
        regions = regions == null ? null : List.copyOf(regions);
        rules = List.copyOf(rules);
    }

    /**
     * Exact repetitions are answered from memory; api.md, R24.
     *
     * @param anyTemperature else only requests that send temperature 0
     */
    public record Cache(long ttlMillis, boolean anyTemperature) {

        public static final long DEFAULT_TTL_MILLIS = 600_000;
        private static final long MIN_TTL_MILLIS = 1_000;
        private static final long MAX_TTL_MILLIS = 86_400_000;

        /** From one second to a day; api.md, R55. */
        public static boolean isTtl(long millis) {
            return millis >= MIN_TTL_MILLIS && millis <= MAX_TTL_MILLIS;
        }
    }

    /** The namespace of {@link #key}. */
    public String namespace() {
        return key.substring(0, key.indexOf('/'));
    }
}
