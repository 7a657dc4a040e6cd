/** Embeddings carried between the dialects of OpenAI and Gemini. */
@NullMarked
package dev.tollgate.dialects.embed;

import org.jspecify.annotations.NullMarked;
