/** Keeps the keys of external issuers, for whoever compiles: an operator, or a folder's gateway. */
@NullMarked
package dev.tollgate.operator.oidc;

import org.jspecify.annotations.NullMarked;
