/** The way of a request: from accepted to recorded, on one event loop. */
@NullMarked
package dev.tollgate.dataplane.exchange;

import org.jspecify.annotations.NullMarked;
