package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.price.Money;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How one budget stands in its current window, seen from this process.
 *
 * @param name {@code namespace/name}
 * @param subject the namespace that it counts apart, else empty
 * @param limit of the window
 * @param spent by the fleet as last heard, and by this process since
 * @param held by open reservations of this process
 * @param free in this process's lease
 * @param resets end of the window; null: Lifetime
 * @param boundViolations settlements above their hold
 */
public record BudgetFigures(
        String name,
        String subject,
        Money limit,
        Money spent,
        Money held,
        Money free,
        @Nullable Instant resets,
        boolean ledgerConnected,
        boolean frozen,
        long boundViolations) {}
