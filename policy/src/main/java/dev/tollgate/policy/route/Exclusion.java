package dev.tollgate.policy.route;

/**
 * A target that may not serve, and why.
 *
 * @param target its name in the rule
 * @param detail for people: {@code Vision}, {@code region us}
 */
public record Exclusion(
        String target, String provider, String model, Reason reason, String detail) {

    /** In the order in which they decide what a request with no candidate is told; api.md, R0. */
    public enum Reason {
        /** The provider asked to wait, or a limit of it is near. */
        NEAR_LIMIT,
        BREAKER_OPEN,
        UNHEALTHY,
        /** The provider does not list the model, or is gone. */
        UNRESOLVED,
        ABOVE_COST_CEILING,
        CONTEXT_TOO_SMALL,
        CAPABILITY_MISSING,
        BELOW_QUALITY_FLOOR,
        REGION_NOT_ALLOWED,
        /** Weight 0: no share of requests but a canary's. */
        NO_WEIGHT
    }
}
