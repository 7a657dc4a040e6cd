/** The Kubernetes API as the operator sees it: resource classes, caches, reconcilers, statuses. */
@NullMarked
package dev.tollgate.operator.kube;

import org.jspecify.annotations.NullMarked;
