/**
 * Whom the operator and its proxies trust: authority, certificates, tokens, keys of the cluster.
 */
@NullMarked
package dev.tollgate.operator.trust;

import org.jspecify.annotations.NullMarked;
