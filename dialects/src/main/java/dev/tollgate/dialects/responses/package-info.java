/**
 * OpenAI Responses, as clients and as providers speak it. Towards other dialects it is stateless:
 * what needs stored responses is refused.
 */
@NullMarked
package dev.tollgate.dialects.responses;

import org.jspecify.annotations.NullMarked;
