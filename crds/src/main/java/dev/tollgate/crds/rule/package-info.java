/**
 * The part of the Common Expression Language that the rules of the CRDs use, evaluated without a
 * server.
 */
@NullMarked
package dev.tollgate.crds.rule;

import org.jspecify.annotations.NullMarked;
