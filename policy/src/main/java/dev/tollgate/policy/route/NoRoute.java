package dev.tollgate.policy.route;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Nothing can serve the request.
 *
 * @param message for the client
 * @param route the policy and rule that were chosen, as in {@link RoutePlan#route()}; null if none
 * @param exclusions every target that was looked at
 * @param retryAfterMillis when to try again, null: unknown
 */
public record NoRoute(
        Kind kind,
        String message,
        @Nullable String route,
        List<Exclusion> exclusions,
        @Nullable Long retryAfterMillis)
        implements Routing {

    /** What the client is told: an HTTP status and a code; api.md, R0 and R42. */
    public enum Kind {
        MODEL_NOT_FOUND(404, "model_not_found"),
        NO_RULE_MATCHES(404, "no_rule_matches"),
        NEAR_LIMIT(429, "provider_rate_limited"),
        UNAVAILABLE(503, "no_target_available"),
        ABOVE_COST_CEILING(400, "above_cost_ceiling"),
        CONTEXT_TOO_SMALL(400, "context_length_exceeded"),
        CAPABILITY_MISSING(400, "capability_missing"),
        BELOW_QUALITY_FLOOR(400, "below_quality_floor"),
        REGION_NOT_ALLOWED(403, "region_not_allowed");

        private final int status;
        private final String code;

        Kind(int status, String code) {
            this.status = status;
            this.code = code;
        }

        public int status() {
            return status;
        }

        public String code() {
            return code;
        }
    }

    public NoRoute {
        exclusions = List.copyOf(exclusions);
    }
}
