/**
 * What the provider charges: tokens and whole nano-dollars per key and model, by its own price
 * list.
 */
@NullMarked
package dev.tollgate.simulator.bill;

import org.jspecify.annotations.NullMarked;
