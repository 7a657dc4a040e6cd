/**
 * Client and provider speak the same dialect: bytes are passed on, and only what must change is
 * spliced in at the places that were scanned.
 */
@NullMarked
package dev.tollgate.dialects.same;

import org.jspecify.annotations.NullMarked;
