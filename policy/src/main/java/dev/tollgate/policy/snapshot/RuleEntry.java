package dev.tollgate.policy.snapshot;

import java.time.DayOfWeek;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One rule of a policy: the first whose match holds serves.
 *
 * @param match null: always
 * @param targets those that resolved; may be empty
 * @param sticky null: requests are drawn one by one
 * @param canary null: none, or its target is left out
 * @param hedge null: no second call is made before the first one answers
 */
public record RuleEntry(
        String name,
        @Nullable Match match,
        SelectionEntry selection,
        List<TargetEntry> targets,
        @Nullable Sticky sticky,
        @Nullable Canary canary,
        List<Shadow> shadows,
        @Nullable Hedge hedge,
        Retry retry,
        @Nullable Long firstTokenMillis,
        @Nullable Long requestMillis) {

    public RuleEntry {
        targets = List.copyOf(targets);
        shadows = List.copyOf(shadows);
    }

    /**
     * All given members must hold; an empty list is not asked.
     *
     * @param minInputTokens inclusive, null: no lower end
     * @param maxInputTokens exclusive, null: no upper end
     * @param requires what the request must use, all of it
     * @param complexity the classes that are meant
     */
    public record Match(
            List<HeaderMatch> headers,
            List<String> serviceAccounts,
            @Nullable Integer minInputTokens,
            @Nullable Integer maxInputTokens,
            List<String> requires,
            Set<ComplexityClass> complexity,
            @Nullable TimeWindow time) {
        public Match {
            headers = List.copyOf(headers);
            serviceAccounts = List.copyOf(serviceAccounts);
            requires = List.copyOf(requires);
            complexity = Set.copyOf(complexity);
        }
    }

    /**
     * @param value null when only presence counts
     */
    public record HeaderMatch(String name, boolean prefix, @Nullable String value) {}

    /** How hard a prompt looks; api.md, R15. */
    public enum ComplexityClass {
        SIMPLE,
        MODERATE,
        COMPLEX
    }

    /**
     * A time of the week. Where {@code toMinute} is before {@code fromMinute} it crosses midnight,
     * and belongs to the day on which it began.
     *
     * @param timeZone of the tz database
     * @param days empty: all
     * @param fromMinute of the day, inclusive
     * @param toMinute of the day, exclusive
     */
    public record TimeWindow(String timeZone, Set<DayOfWeek> days, int fromMinute, int toMinute) {
        public TimeWindow {
            days = Set.copyOf(days);
        }
    }

    /**
     * Requests of one key stay on one target; api.md, R18.
     *
     * @param header whose value is the key, null: the caller's name is
     */
    public record Sticky(@Nullable String header) {}

    /**
     * A target that takes its share before the others; api.md, R20.
     *
     * @param target of this rule
     * @param percent at the step that it has reached; 0: rolled back, 100: promoted
     */
    public record Canary(String target, int percent) {}

    /**
     * A target that gets copies and never answers; api.md, R22.
     *
     * @param provider {@code namespace/name}
     * @param model null: the requested name, unchanged
     * @param maxConcurrent copies at a time, per proxy
     */
    public record Shadow(
            String name, String provider, @Nullable String model, int percent, int maxConcurrent) {}

    /**
     * A second call when the first token is late; api.md, R23.
     *
     * @param maxCostNanos of the second call, null: the first one's bound
     */
    public record Hedge(long afterMillis, int maxPercent, @Nullable Long maxCostNanos) {}

    /** What is retried, how often and after which delays; api.md, 3.4. */
    public record Retry(
            Set<Cause> retryOn,
            int maxAttempts,
            @Nullable Long perTryMillis,
            long backoffBaseMillis,
            long backoffMaxMillis,
            long maxRetryAfterMillis) {
        public Retry {
            retryOn = Set.copyOf(retryOn);
        }
    }

    /** Causes of a retry. */
    public enum Cause {
        RATE_LIMITED,
        SERVER_ERROR,
        TIMEOUT,
        CONNECT_FAILURE
    }

    /**
     * @param provider {@code namespace/name}
     * @param model null: the requested name, unchanged
     * @param priority lower serves first
     * @param weight share within a priority; 0: never by weight
     * @param quality 1..100, null: the model's
     */
    public record TargetEntry(
            String name,
            String provider,
            @Nullable String model,
            @Nullable String apiVersion,
            int priority,
            int weight,
            @Nullable Integer quality) {}
}
