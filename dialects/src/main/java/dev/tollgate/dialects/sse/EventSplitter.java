package dev.tollgate.dialects.sse;

import java.util.function.Consumer;

/**
 * Cuts a stream into events while it arrives, wherever the reads cut it. Not thread-safe. Bytes are
 * looked at where they lie; only the event that a read cuts is copied, and it is bounded.
 */
public sealed interface EventSplitter permits SseParser, JsonArraySplitter {

    /**
     * Takes what arrived and hands over each event that has become whole, in order.
     *
     * @return false from the moment the stream cannot be split any more: an event above the bound,
     *     or bytes that are no such stream; everything fed afterwards is ignored
     */
    boolean feed(byte[] bytes, int offset, int length, Consumer<SseEvent> sink);

    /**
     * The stream ended: hands over an event that only lacks its final blank line.
     *
     * @return false if the end came within an event, or {@link #feed} had already failed
     */
    boolean finish(Consumer<SseEvent> sink);
}
