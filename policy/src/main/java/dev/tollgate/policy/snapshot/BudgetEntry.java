package dev.tollgate.policy.snapshot;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One Budget: who it charges, how much, for which window.
 *
 * @param key {@code namespace/name}
 * @param limitMicros micro-USD per window, null: only rate limits or a ceiling
 * @param period null exactly when {@code limitMicros} is
 * @param maxCostNanosPerRequest null: none
 * @param limits rates of its subject, null: none
 * @param namespaces whose callers it charges
 * @param perNamespace one counter for each namespace, else one for all
 * @param callers only these callers, named as in usage records; empty: all of the namespaces
 * @param models only these served models or patterns; empty: all
 * @param suspended every matching request is refused
 * @param blocked the Budget was never accepted: matching requests of its own namespace are refused
 *     with this text; null in a sound one
 */
public record BudgetEntry(
        String key,
        @Nullable Long limitMicros,
        @Nullable Period period,
        @Nullable Long maxCostNanosPerRequest,
        @Nullable LimitsEntry limits,
        NamespaceSet namespaces,
        boolean perNamespace,
        List<String> callers,
        List<String> models,
        List<Tag> tags,
        Mode mode,
        OnLedgerUnavailable onLedgerUnavailable,
        boolean suspended,
        @Nullable String blocked) {

    public BudgetEntry {
        callers = List.copyOf(callers);
        models = List.copyOf(models);
        tags = List.copyOf(tags);
    }

    /**
     * A calendar window: {@code startDay} is 1..28 for MONTH, 1..7 from Monday for WEEK, else 1.
     */
    public record Period(Type type, String timeZone, int startDay) {
        public enum Type {
            HOUR,
            DAY,
            WEEK,
            MONTH,
            LIFETIME
        }
    }

    /** Cost allocation by a header; never chooses who pays. */
    public record Tag(String name, String header, int maxValues) {}

    public enum Mode {
        HARD,
        SOFT,
        SHADOW
    }

    public enum OnLedgerUnavailable {
        ALLOW_LEASED,
        BLOCK,
        ALLOW
    }
}
