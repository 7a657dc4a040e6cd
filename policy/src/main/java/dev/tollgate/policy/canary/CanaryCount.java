package dev.tollgate.policy.canary;

/**
 * What one proxy has counted of one target of a rule with a canary, since it began to count.
 *
 * @param route {@code namespace/policy/rule}
 * @param percent the canary's share when the requests were routed: it tells the steps apart
 */
public record CanaryCount(String route, String target, int percent, CanaryFigures figures) {}
