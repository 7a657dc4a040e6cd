/** How the API server's refusals are told; depends on no other part. */
@NullMarked
package dev.tollgate.operator.api;

import org.jspecify.annotations.NullMarked;
