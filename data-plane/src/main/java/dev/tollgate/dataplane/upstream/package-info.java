/** Connections to providers: where they may go, which address they use, and their pools. */
@NullMarked
package dev.tollgate.dataplane.upstream;

import org.jspecify.annotations.NullMarked;
