/** Errors: read from providers of every shape, written in the shape that the client knows. */
@NullMarked
package dev.tollgate.dialects.error;

import org.jspecify.annotations.NullMarked;
