/** External issuers of tokens: what the platform says of them, and the keys that they publish. */
@NullMarked
package dev.tollgate.policy.issuer;

import org.jspecify.annotations.NullMarked;
