/** Gemini's generateContent, as clients and as providers speak it. */
@NullMarked
package dev.tollgate.dialects.gemini;

import org.jspecify.annotations.NullMarked;
