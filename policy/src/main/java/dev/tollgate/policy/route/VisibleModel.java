package dev.tollgate.policy.route;

/**
 * A model name that a caller may ask for.
 *
 * @param owner {@code namespace/name} of the policy, or of the provider whose alias it is
 */
public record VisibleModel(String name, String owner) {}
