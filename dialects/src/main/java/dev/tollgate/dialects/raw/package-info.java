/** Endpoints that a provider declares, whose bodies and answers pass as they are. */
@NullMarked
package dev.tollgate.dialects.raw;

import org.jspecify.annotations.NullMarked;
