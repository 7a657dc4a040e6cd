package dev.tollgate.dialects.translate;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.sse.SseEvent;
import dev.tollgate.dialects.sse.SseParser;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A provider's stream on its way to a client of another dialect.
 *
 * <pre>
 * bytes -> SseParser -> StreamReader -> events -> (restored) -> StreamWriter -> bytes
 * OPEN --Done--> COMPLETE      the client's terminal events are written
 * OPEN --Failed, end without a finish reason, fail()--> BROKEN   its error event is written
 * </pre>
 */
final class TranslatedStream implements AnswerStream {
    private enum State {
        OPEN,
        COMPLETE,
        BROKEN
    }

    /** How an answer ends that reached its output limit. */
    static final AnswerEvent.Finished LIMIT =
            new AnswerEvent.Finished(FinishReason.LENGTH, "length", null);

    private final SseParser parser = new SseParser(MAX_EVENT_BYTES);
    private final StreamReader reader;
    private final StreamWriter writer;
    private final Supplier<RestoredChoice> choices;

    /** How many answers the client asked for: what goes beyond is nobody's. */
    private final int asked;

    private final RestoredChoice first;
    private final Map<Integer, RestoredChoice> others = new TreeMap<>();
    private State state = State.OPEN;
    private End.@Nullable Broken broken;
    private boolean toldError;
    private boolean started;
    private @Nullable Usage usage;
    private @Nullable String model;

    TranslatedStream(
            StreamReader reader, StreamWriter writer, Supplier<RestoredChoice> choices, int asked) {
        this.reader = reader;
        this.writer = writer;
        this.choices = choices;
        this.asked = asked;
        this.first = choices.get();
    }

    @Override
    public void feed(byte[] bytes, int offset, int length, Sink sink) {
        if (state != State.OPEN) {
            return;
        }
        var out = new SseOut(sink);
        if (!parser.feed(bytes, offset, length, event -> event(event, out))) {
            broken(ErrorKind.UPSTREAM, "the provider sent an event that is too large", out);
        }
    }

    private void event(SseEvent event, SseOut out) {
        if (state != State.OPEN || !event.hasData()) {
            return;
        }
        if (event.dataIs("[DONE]")) {
            reader.endMark(each -> handle(each, out));
            return;
        }
        JsonNode data = Json.parse(event.array(), event.from(), event.length());
        if (data == null) {
            broken(ErrorKind.UPSTREAM, "the provider sent an event that is not JSON", out);
            return;
        }
        reader.event(event.event(), data, each -> handle(each, out));
        if (heldChars() + reader.waitingChars() + writer.waitingChars() > MAX_EVENT_BYTES) {
            broken(ErrorKind.UPSTREAM, "the provider sent a tool call that is too large", out);
        }
    }

    private void handle(AnswerEvent event, SseOut out) {
        if (state != State.OPEN) {
            return;
        }
        started |= !(event instanceof AnswerEvent.Failed);
        switch (event) {
            case AnswerEvent.Start start -> {
                model = start.model();
                writer.write(start, out);
            }
            case AnswerEvent.UsageSeen(var seen) -> {
                usage = seen;
                writer.write(event, out);
            }
            case AnswerEvent.Of(int choice, var its) -> {
                if (choice < asked) {
                    others.computeIfAbsent(choice, i -> choices.get())
                            .handle(its, each -> write(choice, each, out));
                }
            }
            case AnswerEvent.Done() -> done(out);
            case AnswerEvent.Failed(var kind, var message) -> {
                // it may be that of one choice, and the others go on
                toldError = asked == 1;
                broken(kind, message, out);
            }
            case AnswerEvent.Said said -> first.handle(said, each -> writer.write(each, out));
        }
    }

    private void write(int choice, AnswerEvent.Said event, SseOut out) {
        writer.write(new AnswerEvent.Of(choice, event), out);
    }

    private void done(SseOut out) {
        boolean whole = first.finished();
        boolean filesLost = first.losesFiles();
        for (var other : others.values()) {
            whole &= other.finished();
            filesLost |= other.losesFiles();
        }
        if (!whole) {
            broken(ErrorKind.UPSTREAM, "the provider's stream ended without a finish reason", out);
            return;
        }
        if (filesLost) {
            broken(ErrorKind.UPSTREAM, MadeMedia.ALONE, out);
            return;
        }
        first.finish(each -> writer.write(each, out));
        others.forEach((choice, its) -> its.finish(each -> write(choice, each, out)));
        writer.close(out);
        state = State.COMPLETE;
    }

    private int heldChars() {
        int chars = first.heldChars();
        for (var other : others.values()) {
            chars += other.heldChars();
        }
        return chars;
    }

    private void broken(ErrorKind kind, String message, SseOut out) {
        if (state == State.OPEN) {
            state = State.BROKEN;
            broken = new End.Broken(kind, message);
            writer.fail(kind, message, out);
        }
    }

    @Override
    public End end(Sink sink) {
        var out = new SseOut(sink);
        if (state == State.OPEN) {
            parser.finish(event -> event(event, out));
        }
        if (state == State.OPEN) {
            reader.end(event -> handle(event, out));
        }
        if (state == State.OPEN) {
            broken(
                    ErrorKind.UPSTREAM,
                    "the provider's stream ended before the answer was complete",
                    out);
        }
        return broken == null ? new End.Complete() : broken;
    }

    @Override
    public void fail(ErrorKind kind, String message, Sink sink) {
        broken(kind, message, new SseOut(sink));
    }

    @Override
    public void endAtLimit(Sink sink) {
        if (state == State.OPEN) {
            var out = new SseOut(sink);
            handle(LIMIT, out);
            done(out);
        }
    }

    @Override
    public boolean failed() {
        return state == State.BROKEN;
    }

    @Override
    public boolean toldError() {
        return toldError;
    }

    @Override
    public boolean started() {
        return started;
    }

    @Override
    public boolean sawToken() {
        return first.sawToken() || others.values().stream().anyMatch(RestoredChoice::sawToken);
    }

    @Override
    public @Nullable Usage usage() {
        return usage;
    }

    @Override
    public boolean usageShrank() {
        return reader.usageShrank();
    }

    @Override
    public @Nullable String finishReason() {
        return first.finishWord();
    }

    @Override
    public boolean finished(int choices) {
        return first.finished()
                && (choices <= 1 || !reader.usageOfOne())
                && others.size() >= choices - 1
                && others.values().stream().allMatch(RestoredChoice::finished);
    }

    @Override
    public @Nullable String model() {
        return model;
    }

    @Override
    public long visibleOutputBytes() {
        long bytes = first.visibleBytes();
        for (var other : others.values()) {
            bytes += other.visibleBytes();
        }
        return bytes;
    }
}
