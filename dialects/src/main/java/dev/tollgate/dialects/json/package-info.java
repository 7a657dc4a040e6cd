/** Walks JSON bytes without building a tree. */
@NullMarked
package dev.tollgate.dialects.json;

import org.jspecify.annotations.NullMarked;
