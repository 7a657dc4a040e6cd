/** Anthropic Messages, as clients and as providers speak it. */
@NullMarked
package dev.tollgate.dialects.anthropic;

import org.jspecify.annotations.NullMarked;
