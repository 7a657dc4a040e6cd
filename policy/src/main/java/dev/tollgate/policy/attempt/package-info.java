/** Which target is tried, whether another try follows a failure, when, and where. */
@NullMarked
package dev.tollgate.policy.attempt;

import org.jspecify.annotations.NullMarked;
