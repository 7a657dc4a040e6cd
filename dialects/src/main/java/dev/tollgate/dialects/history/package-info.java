/**
 * Client and provider speak the same dialect, but another provider answered an earlier turn: what
 * it alone understands is taken out of the client's bytes.
 */
@NullMarked
package dev.tollgate.dialects.history;

import org.jspecify.annotations.NullMarked;
