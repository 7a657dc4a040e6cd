package dev.tollgate.policy.route;

import java.util.Set;

/**
 * A model name that a caller may ask for.
 *
 * @param owner {@code namespace/name} of the policy, or of the provider whose alias it is
 * @param capabilities of all models that may serve it, named as in ModelProvider
 */
public record VisibleModel(String name, String owner, Set<String> capabilities) {
    public VisibleModel {
        capabilities = Set.copyOf(capabilities);
    }
}
