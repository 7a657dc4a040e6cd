/** The usage record: what one request was, who pays and what it cost, exactly once per request. */
@NullMarked
package dev.tollgate.dataplane.record;

import org.jspecify.annotations.NullMarked;
