/** OpenAI chat completions, as clients and as providers speak it, with the known deviations. */
@NullMarked
package dev.tollgate.dialects.openai;

import org.jspecify.annotations.NullMarked;
