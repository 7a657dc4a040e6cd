/**
 * Reads a folder's YAML as {@code kubectl apply} would, with file, line, path and a hint for every
 * problem.
 */
@NullMarked
package dev.tollgate.crds.read;

import org.jspecify.annotations.NullMarked;
