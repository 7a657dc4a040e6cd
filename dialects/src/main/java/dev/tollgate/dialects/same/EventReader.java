package dev.tollgate.dialects.same;

import dev.tollgate.dialects.json.JsonCursor;
import dev.tollgate.dialects.sse.SseEvent;
import java.io.IOException;

/** Reads one dialect's answers and stream events into {@link Facts}. Keeps nothing itself. */
sealed interface EventReader permits ChatReader, ResponsesReader, AnthropicReader, GeminiReader {

    /** Reads an object: a whole answer, or one event of a stream. The cursor is on its brace. */
    void object(JsonCursor cursor, byte[] array, Facts facts) throws IOException;

    /**
     * Whether a stream event has nothing to say: a ping, or an end mark without JSON (which is then
     * noted in the facts).
     */
    boolean isMark(SseEvent event, Facts facts);

    /** Whether the stream may end here: its terminal event came. */
    boolean complete(Facts facts);
}
