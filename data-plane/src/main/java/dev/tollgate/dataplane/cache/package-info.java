/** Answers that are kept and given again to exact repetitions of their requests. */
@NullMarked
package dev.tollgate.dataplane.cache;

import org.jspecify.annotations.NullMarked;
