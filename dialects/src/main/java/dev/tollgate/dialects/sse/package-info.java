/**
 * Streams cut into events while they arrive: server-sent events and Gemini's JSON array, both with
 * the same {@link dev.tollgate.dialects.sse.SseEvent outcome}.
 */
@NullMarked
package dev.tollgate.dialects.sse;

import org.jspecify.annotations.NullMarked;
