/** Money as whole nano-dollars, the prices of models, and what an answer cost. */
@NullMarked
package dev.tollgate.policy.price;

import org.jspecify.annotations.NullMarked;
