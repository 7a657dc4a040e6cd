/** Tests over whole processes: the {@code tollgate} script, a real API server, official SDKs. */
@NullMarked
package dev.tollgate.e2e;

import org.jspecify.annotations.NullMarked;
