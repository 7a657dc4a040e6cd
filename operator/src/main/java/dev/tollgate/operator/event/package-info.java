/** Events of objects: what has changed in their statuses, told once, on a way of their own. */
@NullMarked
package dev.tollgate.operator.event;

import org.jspecify.annotations.NullMarked;
