/** What servers of OpenAI's chat completions do not take as OpenAI does, and what is done then. */
@NullMarked
package dev.tollgate.dialects.deviation;

import org.jspecify.annotations.NullMarked;
