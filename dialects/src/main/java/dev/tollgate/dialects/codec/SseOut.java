package dev.tollgate.dialects.codec;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.AnswerStream;
import java.nio.charset.StandardCharsets;

/** Writes server-sent events to a sink. */
public final class SseOut {
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);

    private final AnswerStream.Sink sink;

    public SseOut(AnswerStream.Sink sink) {
        this.sink = sink;
    }

    /** An event without a name. */
    public void data(JsonNode json) {
        write(DATA);
        write(Json.bytes(json));
        write(END);
    }

    /** An event with a name. */
    public void event(String name, JsonNode json) {
        write(("event: " + name + "\n").getBytes(StandardCharsets.US_ASCII));
        data(json);
    }

    /** Text as it is. */
    public void raw(String text) {
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Bytes as they are. */
    public void write(byte[] bytes) {
        sink.write(bytes, 0, bytes.length);
    }
}
