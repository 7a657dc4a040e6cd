/** Counting the tokens of a request: with the provider's own counter, or by an estimate. */
@NullMarked
package dev.tollgate.dialects.count;

import org.jspecify.annotations.NullMarked;
