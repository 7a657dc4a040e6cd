/**
 * The proxy's end of the control channel: it dials the operator, takes snapshots and credentials,
 * and carries the ledger's messages.
 */
@NullMarked
package dev.tollgate.dataplane.control;

import org.jspecify.annotations.NullMarked;
