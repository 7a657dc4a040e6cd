package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.price.Money;
import org.jspecify.annotations.Nullable;

/**
 * What a Budget in mode Shadow would have answered to a claim, were it Hard.
 *
 * @param budget {@code namespace/name}
 * @param remaining as far as it is known here; null: not at all
 */
public record WouldRefuse(String budget, Admission.RefusalKind kind, @Nullable Money remaining) {}
