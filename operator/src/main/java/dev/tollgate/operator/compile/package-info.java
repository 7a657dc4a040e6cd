/** The way of a change: caches, one debounced compile, releases to push, refusals put back. */
@NullMarked
package dev.tollgate.operator.compile;

import org.jspecify.annotations.NullMarked;
