/** How each dialect looks on the wire: its endpoints, checks, answers, streams and errors. */
@NullMarked
package dev.tollgate.simulator.wire;

import org.jspecify.annotations.NullMarked;
