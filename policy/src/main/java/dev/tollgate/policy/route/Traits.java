package dev.tollgate.policy.route;

import org.jspecify.annotations.Nullable;

/**
 * What picking a target looks at in a request; see {@link Ask}.
 *
 * @param outputLimit -1: the client set none
 * @param floor quality that a target should have, 0: any
 * @param stickyKey requests with this key stay on one target, null: they are drawn one by one
 * @param complexity class and score for traces, null: no rule asked
 */
public record Traits(
        long inputTokens,
        long outputLimit,
        boolean stream,
        int floor,
        @Nullable String stickyKey,
        @Nullable Complexity complexity) {

    /** Of a request that says nothing. */
    public static final Traits NONE = new Traits(0, -1, false, 0, null, null);
}
