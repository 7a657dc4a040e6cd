/** RoutingPolicy: client-visible model names and how each is served. */
@NullMarked
package dev.tollgate.crds.route;

import org.jspecify.annotations.NullMarked;
