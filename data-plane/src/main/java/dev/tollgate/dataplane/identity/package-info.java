/**
 * Who calls: verified from a client key or a token, offline, and never taken from any other header.
 */
@NullMarked
package dev.tollgate.dataplane.identity;

import org.jspecify.annotations.NullMarked;
