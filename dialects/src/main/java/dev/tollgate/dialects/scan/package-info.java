/** Reads a request: what its path asks for, and in one strict pass what its body holds. */
@NullMarked
package dev.tollgate.dialects.scan;

import org.jspecify.annotations.NullMarked;
