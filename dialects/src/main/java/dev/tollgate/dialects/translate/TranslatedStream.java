package dev.tollgate.dialects.translate;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.StreamReader;
import dev.tollgate.dialects.codec.StreamWriter;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.sse.SseEvent;
import dev.tollgate.dialects.sse.SseParser;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
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

    private record Held(boolean custom, StringBuilder arguments) {}

    private final SseParser parser = new SseParser(MAX_EVENT_BYTES);
    private final StreamReader reader;
    private final StreamWriter writer;
    private final ToolNames names;
    private final Set<Integer> emulated = new HashSet<>();

    /**
     * The client's number of a provider's call: calls that are emulation are none to the client.
     */
    private final Map<Integer, Integer> numbers = new HashMap<>();

    /** Calls whose arguments change their form, and so are held until they are whole. */
    private final Map<Integer, Held> held = new HashMap<>();

    private State state = State.OPEN;
    private End.@Nullable Broken broken;
    private boolean started;
    private boolean sawToken;
    private int heldChars;
    private AnswerEvent.@Nullable Finished finished;
    private @Nullable Usage usage;
    private @Nullable String model;
    private long visibleOutputBytes;

    TranslatedStream(StreamReader reader, StreamWriter writer, ToolNames names) {
        this.reader = reader;
        this.writer = writer;
        this.names = names;
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
            reader.end(each -> handle(each, out));
            return;
        }
        JsonNode data = Json.parse(event.array(), event.from(), event.length());
        if (data == null) {
            broken(ErrorKind.UPSTREAM, "the provider sent an event that is not JSON", out);
            return;
        }
        reader.event(event.event(), data, each -> handle(each, out));
        if (heldChars + reader.waitingChars() + writer.waitingChars() > MAX_EVENT_BYTES) {
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
            case AnswerEvent.TextDelta(var text) -> token(event, text, out);
            case AnswerEvent.RefusalDelta(var text) -> token(event, text, out);
            case AnswerEvent.ReasoningDelta(var text) -> token(event, text, out);
            case AnswerEvent.ToolCallStart call -> callStart(call, out);
            case AnswerEvent.ToolCallDelta delta -> callDelta(delta, out);
            case AnswerEvent.ToolCallEnd end -> callEnd(end, out);
            case AnswerEvent.Logprobs _,
                    AnswerEvent.ReasoningSigned _,
                    AnswerEvent.ReasoningRedacted _,
                    AnswerEvent.Cited _ ->
                    writer.write(event, out);
            case AnswerEvent.UsageSeen(var seen) -> {
                usage = seen;
                writer.write(event, out);
            }
            case AnswerEvent.Finished end -> finished = end;
            case AnswerEvent.Done() -> done(out);
            case AnswerEvent.Failed(var kind, var message) -> broken(kind, message, out);
        }
    }

    private void token(AnswerEvent event, String text, SseOut out) {
        sawToken = true;
        visibleOutputBytes += Utf8.length(text);
        writer.write(event, out);
    }

    private void callStart(AnswerEvent.ToolCallStart call, SseOut out) {
        sawToken = true;
        if (ToolNames.isEmulation(call.name())) {
            emulated.add(call.call());
            return;
        }
        int number = numbers.size();
        numbers.put(call.call(), number);
        var name = names.toClient(call.name());
        visibleOutputBytes += Utf8.length(name);
        boolean custom = names.isCustom(name);
        if (custom != call.custom()) {
            held.put(call.call(), new Held(call.custom(), new StringBuilder()));
        }
        writer.write(
                new AnswerEvent.ToolCallStart(number, call.id(), name, custom, call.signature()),
                out);
    }

    private void callDelta(AnswerEvent.ToolCallDelta delta, SseOut out) {
        visibleOutputBytes += Utf8.length(delta.arguments());
        var waiting = held.get(delta.call());
        if (emulated.contains(delta.call())) {
            writer.write(new AnswerEvent.TextDelta(delta.arguments()), out);
        } else if (waiting != null) {
            waiting.arguments.append(delta.arguments());
            heldChars += delta.arguments().length();
        } else {
            writer.write(
                    new AnswerEvent.ToolCallDelta(number(delta.call()), delta.arguments()), out);
        }
    }

    private void callEnd(AnswerEvent.ToolCallEnd end, SseOut out) {
        if (emulated.contains(end.call())) {
            return;
        }
        var ended = held.remove(end.call());
        if (ended != null) {
            heldChars -= ended.arguments.length();
            var text =
                    TranslatedBridge.arguments(
                            ended.arguments.toString(), ended.custom, !ended.custom);
            writer.write(new AnswerEvent.ToolCallDelta(number(end.call()), text), out);
        }
        writer.write(new AnswerEvent.ToolCallEnd(number(end.call())), out);
    }

    private int number(int call) {
        return numbers.getOrDefault(call, call);
    }

    private void done(SseOut out) {
        if (finished == null) {
            broken(ErrorKind.UPSTREAM, "the provider's stream ended without a finish reason", out);
            return;
        }
        var reason = TranslatedBridge.finish(finished.reason(), !numbers.isEmpty());
        writer.write(
                new AnswerEvent.Finished(reason, finished.word(), finished.stopSequence()), out);
        writer.close(out);
        state = State.COMPLETE;
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
    public boolean failed() {
        return state == State.BROKEN;
    }

    @Override
    public boolean started() {
        return started;
    }

    @Override
    public boolean sawToken() {
        return sawToken;
    }

    @Override
    public @Nullable Usage usage() {
        return usage;
    }

    @Override
    public @Nullable String finishReason() {
        return finished == null ? null : finished.word();
    }

    @Override
    public @Nullable String model() {
        return model;
    }

    @Override
    public long visibleOutputBytes() {
        return visibleOutputBytes;
    }
}
