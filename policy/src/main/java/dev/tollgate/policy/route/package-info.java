/** Which policy, rule and targets serve a request, which budgets it charges, and why. */
@NullMarked
package dev.tollgate.policy.route;

import org.jspecify.annotations.NullMarked;
