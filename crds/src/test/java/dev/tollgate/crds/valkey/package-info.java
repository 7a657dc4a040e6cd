/** A real Valkey for tests of any module. */
@NullMarked
package dev.tollgate.crds.valkey;

import org.jspecify.annotations.NullMarked;
