/**
 * What a proxy serves with right now: one immutable snapshot, the credentials, and their copy on
 * disk.
 */
@NullMarked
package dev.tollgate.dataplane.config;

import org.jspecify.annotations.NullMarked;
