/**
 * One proxy of a fleet: configuration and leases from an operator, and what it keeps for itself.
 */
@NullMarked
package dev.tollgate.dataplane.fleet;

import org.jspecify.annotations.NullMarked;
