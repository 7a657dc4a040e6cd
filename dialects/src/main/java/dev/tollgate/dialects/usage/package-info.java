/** Reads the providers' usage objects into the one {@link dev.tollgate.dialects.Usage}. */
@NullMarked
package dev.tollgate.dialects.usage;

import org.jspecify.annotations.NullMarked;
