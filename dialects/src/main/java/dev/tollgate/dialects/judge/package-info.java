/** What a whole answer is worth, read in its client's dialect before the client has it. */
@NullMarked
package dev.tollgate.dialects.judge;

import org.jspecify.annotations.NullMarked;
