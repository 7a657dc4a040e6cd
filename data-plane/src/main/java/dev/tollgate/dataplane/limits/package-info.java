/**
 * Limits on requests, tokens and calls at a time: of a provider's account and of a team; api.md,
 * P6.
 */
@NullMarked
package dev.tollgate.dataplane.limits;

import org.jspecify.annotations.NullMarked;
