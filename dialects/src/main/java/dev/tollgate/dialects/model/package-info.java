/** Lists of models, in the shape that the client knows. */
@NullMarked
package dev.tollgate.dialects.model;

import org.jspecify.annotations.NullMarked;
