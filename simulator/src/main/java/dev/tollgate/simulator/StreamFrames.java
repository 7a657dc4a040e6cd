package dev.tollgate.simulator;

import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.SseFaults;
import dev.tollgate.simulator.script.SseFaults.LineEnding;
import dev.tollgate.simulator.wire.SseEvent;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns events into bytes: server-sent events, or the elements of one JSON array. */
final class StreamFrames {
    /**
     * In an order that never puts LF right after CR, which would be one line end instead of two.
     */
    private static final String[] MIXED = {"\n", "\r", "\r\n"};

    private final boolean array;
    private final LineEnding ending;
    private final boolean splitUtf8;
    private boolean begun;
    private int lines;

    StreamFrames(Dialect dialect, boolean array, @Nullable SseFaults faults) {
        this.array = array;
        this.splitUtf8 = faults != null && faults.splitUtf8();
        var usual = dialect == Dialect.GEMINI ? LineEnding.CRLF : LineEnding.LF;
        this.ending = faults == null || faults.lineEnding() == null ? usual : faults.lineEnding();
    }

    String contentType() {
        return array ? "application/json; charset=UTF-8" : "text/event-stream; charset=utf-8";
    }

    /** The bytes of an event: one piece, or two if the script wants it split. */
    List<Buffer> chunks(SseEvent event) {
        var whole = event(event);
        if (!splitUtf8 || whole.length() < 2) {
            return List.of(whole);
        }
        var at = cut(whole);
        return List.of(whole.getBuffer(0, at), whole.getBuffer(at, whole.length()));
    }

    /** Inside the first character of several bytes, else in the middle. */
    private static int cut(Buffer bytes) {
        for (var i = 1; i < bytes.length(); i++) {
            if ((bytes.getByte(i) & 0xC0) == 0x80) {
                return i;
            }
        }
        return bytes.length() / 2;
    }

    Buffer event(SseEvent event) {
        if (array) {
            var before = begun ? ",\r\n" : "[";
            begun = true;
            return Buffer.buffer(before + event.data());
        }
        var text = new StringBuilder(event.data().length() + 64);
        if (event.name() != null) {
            text.append("event: ").append(event.name()).append(lineEnd());
        }
        text.append("data: ").append(event.data()).append(lineEnd()).append(lineEnd());
        return Buffer.buffer(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** A line of its own, as a comment or garbage is. */
    Buffer line(String text) {
        return Buffer.buffer(text + lineEnd() + lineEnd());
    }

    /** What comes after the last event. */
    Optional<Buffer> end() {
        return array ? Optional.of(Buffer.buffer(begun ? "]" : "[]")) : Optional.empty();
    }

    private String lineEnd() {
        return switch (ending) {
            case LF -> "\n";
            case CRLF -> "\r\n";
            case CR -> "\r";
            case MIXED -> MIXED[lines++ % MIXED.length];
        };
    }
}
