package dev.tollgate.policy.compile;

import dev.tollgate.policy.canary.CanaryState;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the canaries of one policy need besides its spec.
 *
 * @param states by route; absent: the canary begins
 * @param retryAt value of {@code tollgate.dev/canary-retry-at}, null: there is none
 */
record CanaryInput(Map<String, CanaryState> states, @Nullable String retryAt) {}
