package dev.tollgate.policy.snapshot;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One rule of a policy: the first whose match holds serves.
 *
 * @param match null: always
 * @param strategy name of the selection in usage records: {@code weighted}
 * @param targets those that resolved; may be empty
 */
public record RuleEntry(
        String name,
        @Nullable Match match,
        String strategy,
        List<TargetEntry> targets,
        Retry retry,
        @Nullable Long firstTokenMillis,
        @Nullable Long requestMillis) {

    public RuleEntry {
        targets = List.copyOf(targets);
    }

    /** All given members must hold; an empty list is not asked. */
    public record Match(List<HeaderMatch> headers, List<String> serviceAccounts) {
        public Match {
            headers = List.copyOf(headers);
            serviceAccounts = List.copyOf(serviceAccounts);
        }
    }

    /**
     * @param value null when only presence counts
     */
    public record HeaderMatch(String name, boolean prefix, @Nullable String value) {}

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
     */
    public record TargetEntry(
            String name,
            String provider,
            @Nullable String model,
            @Nullable String apiVersion,
            int priority,
            int weight) {}
}
