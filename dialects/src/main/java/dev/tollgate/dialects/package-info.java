/**
 * What the data plane needs of the wire formats, whichever they are: a strict {@link
 * dev.tollgate.dialects.RequestScan scan} of a request, a {@link dev.tollgate.dialects.Bridge} from
 * one dialect to another, and {@link dev.tollgate.dialects.Usage} in one form. Pure: bytes in,
 * bytes and values out.
 */
@NullMarked
package dev.tollgate.dialects;

import org.jspecify.annotations.NullMarked;
