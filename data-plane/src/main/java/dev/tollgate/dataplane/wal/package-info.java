/** The write-ahead log: what was reserved, spent and used, so that kill -9 loses nothing. */
@NullMarked
package dev.tollgate.dataplane.wal;

import org.jspecify.annotations.NullMarked;
