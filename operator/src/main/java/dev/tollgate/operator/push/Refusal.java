package dev.tollgate.operator.push;

import dev.tollgate.crds.resource.ResourceKey;
import org.jspecify.annotations.Nullable;

/**
 * One error of a NACK.
 *
 * @param object the resource at fault; null: the snapshot as a whole
 */
public record Refusal(@Nullable ResourceKey object, String path, String message) {

    /** Path and text, as a status shows it. */
    public String text() {
        return path.isEmpty() ? message : path + ": " + message;
    }
}
