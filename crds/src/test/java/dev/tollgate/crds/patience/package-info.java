/** How long tests of any module wait. */
@NullMarked
package dev.tollgate.crds.patience;

import org.jspecify.annotations.NullMarked;
