/** Ports on loopback for tests of any module. */
@NullMarked
package dev.tollgate.crds.loopback;

import org.jspecify.annotations.NullMarked;
