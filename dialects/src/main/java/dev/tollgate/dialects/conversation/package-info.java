/**
 * A request, an answer and a stream of an answer in words that belong to no dialect: what every
 * dialect is decoded into and encoded from. Values alone: no bytes, no JSON text but that of tool
 * schemas and arguments.
 */
@NullMarked
package dev.tollgate.dialects.conversation;

import org.jspecify.annotations.NullMarked;
