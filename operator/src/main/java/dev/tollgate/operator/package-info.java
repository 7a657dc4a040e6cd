/** The control plane: watches resources, compiles them, pushes snapshots and reports statuses. */
@NullMarked
package dev.tollgate.operator;

import org.jspecify.annotations.NullMarked;
