/**
 * Resources in, one snapshot and a verdict for each object out: the same function for the operator,
 * the standalone server and {@code tollgate lint}.
 */
@NullMarked
package dev.tollgate.policy.compile;

import org.jspecify.annotations.NullMarked;
