/** Calls that a provider billed above the most that they could cost: what stops a Hard Budget. */
@NullMarked
package dev.tollgate.policy.violation;

import org.jspecify.annotations.NullMarked;
