package dev.tollgate.simulator.wire;

import java.util.List;

/**
 * The events of one streamed answer, asked for in order: {@link #opening}, each {@link #chunk},
 * {@link #finish}, {@link #terminal}. Not thread-safe; the exchange's event loop calls it.
 */
public interface StreamEncoder {
    List<SseEvent> opening();

    int chunks();

    List<SseEvent> chunk(int index);

    /** What carries the finish reason and the usage. */
    List<SseEvent> finish();

    /** What ends the stream, if the dialect has such an event. */
    List<SseEvent> terminal();

    List<SseEvent> error(ApiError error);

    /** A valid event whose data has at least so many bytes. */
    SseEvent padding(int bytes);
}
