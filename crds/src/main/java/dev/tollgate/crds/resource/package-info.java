/**
 * What every kind shares: metadata, conditions, references, core objects, and the set of resources
 * that is compiled.
 */
@NullMarked
package dev.tollgate.crds.resource;

import org.jspecify.annotations.NullMarked;
