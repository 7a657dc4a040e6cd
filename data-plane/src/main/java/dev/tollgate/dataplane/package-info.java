/** The proxy: a Vert.x shell around the pure decisions of policy and the formats of dialects. */
@NullMarked
package dev.tollgate.dataplane;

import org.jspecify.annotations.NullMarked;
