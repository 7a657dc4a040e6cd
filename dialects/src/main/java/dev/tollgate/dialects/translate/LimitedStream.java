package dev.tollgate.dialects.translate;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.sse.SseEvent;
import dev.tollgate.dialects.sse.SseParser;
import org.jspecify.annotations.Nullable;

/**
 * A stream whose bytes pass as they are, and that can be ended at a limit. The client's writer
 * follows what passes, and what it writes goes nowhere, until the end that the provider did not
 * write is asked for: only the writer knows what is open by then.
 *
 * <pre>
 * bytes -+-> unchanged ------------------------------> client
 *        +-> SseParser -> StreamReader -> StreamWriter -(endAtLimit)-^
 * </pre>
 */
final class LimitedStream implements AnswerStream {
    private static final SseOut NOWHERE = new SseOut((bytes, offset, length) -> {});

    private final AnswerStream bytes;
    private final SseParser parser = new SseParser(MAX_EVENT_BYTES);
    private final StreamReader reader;
    private final StreamWriter writer;
    private boolean ended;

    LimitedStream(AnswerStream bytes, StreamReader reader, StreamWriter writer) {
        this.bytes = bytes;
        this.reader = reader;
        this.writer = writer;
    }

    @Override
    public void feed(byte[] array, int offset, int length, Sink sink) {
        if (!ended) {
            bytes.feed(array, offset, length, sink);
            parser.feed(array, offset, length, this::follow);
        }
    }

    private void follow(SseEvent event) {
        if (!event.hasData() || event.dataIs("[DONE]")) {
            return;
        }
        var data = Json.parse(event.array(), event.from(), event.length());
        if (data != null) {
            reader.event(event.event(), data, each -> writer.write(each, NOWHERE));
        }
    }

    @Override
    public void endAtLimit(Sink sink) {
        if (!ended) {
            ended = true;
            var out = new SseOut(sink);
            writer.write(TranslatedStream.LIMIT, out);
            writer.close(out);
        }
    }

    @Override
    public End end(Sink sink) {
        return ended ? new End.Complete() : bytes.end(sink);
    }

    @Override
    public void fail(ErrorKind kind, String message, Sink sink) {
        if (!ended) {
            bytes.fail(kind, message, sink);
        }
    }

    @Override
    public boolean failed() {
        return bytes.failed();
    }

    @Override
    public boolean toldError() {
        return bytes.toldError();
    }

    @Override
    public boolean started() {
        return bytes.started();
    }

    @Override
    public boolean sawToken() {
        return bytes.sawToken();
    }

    @Override
    public @Nullable Usage usage() {
        return bytes.usage();
    }

    @Override
    public boolean usageShrank() {
        return bytes.usageShrank();
    }

    @Override
    public @Nullable String finishReason() {
        return bytes.finishReason();
    }

    @Override
    public boolean finished(int choices) {
        return bytes.finished(choices);
    }

    @Override
    public @Nullable String model() {
        return bytes.model();
    }

    @Override
    public long visibleOutputBytes() {
        return bytes.visibleOutputBytes();
    }
}
