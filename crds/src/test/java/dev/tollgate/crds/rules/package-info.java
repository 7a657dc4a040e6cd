/** Valid and invalid files, held against a real API server and against the reader. */
@NullMarked
package dev.tollgate.crds.rules;

import org.jspecify.annotations.NullMarked;
