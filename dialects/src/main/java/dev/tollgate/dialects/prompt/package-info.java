/** What the text of a request tells about how hard it is to answer. */
@NullMarked
package dev.tollgate.dialects.prompt;

import org.jspecify.annotations.NullMarked;
