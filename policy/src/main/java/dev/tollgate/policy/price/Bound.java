package dev.tollgate.policy.price;

/** The most that one attempt can cost, or why nobody can tell. */
public sealed interface Bound {

    /**
     * @param cost what must be held before the request is sent
     * @param inputTokens the most input that can be charged
     * @param outputTokens the most output that can be charged, over all choices
     * @param outputLimit the output limit per choice that the bound stands on; it must be written
     *     into the request if the client set none
     */
    record Bounded(Money cost, long inputTokens, long outputTokens, long outputLimit)
            implements Bound {}

    /**
     * 400 {@code budget_unboundable}, unless a policy or Budget declares {@code maxCostPerRequest}.
     *
     * @param reason for the client
     */
    record Unboundable(String reason) implements Bound {}
}
