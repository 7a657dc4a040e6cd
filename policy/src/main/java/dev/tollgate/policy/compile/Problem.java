package dev.tollgate.policy.compile;

import dev.tollgate.crds.resource.ConditionReason;
import dev.tollgate.crds.resource.ResourceKey;

/**
 * Something wrong with one object.
 *
 * @param path where in the object, such as {@code spec.rules[0].targets[1].model}
 * @param message what is wrong and what would be right; never a secret
 */
public record Problem(ResourceKey object, ConditionReason reason, String path, String message) {

    /** {@code path: message}. */
    public String text() {
        return path + ": " + message;
    }
}
