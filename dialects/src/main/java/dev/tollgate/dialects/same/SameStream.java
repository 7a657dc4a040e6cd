package dev.tollgate.dialects.same;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge.AnswerTerms;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.RequestScan.Span;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.error.ErrorBody;
import dev.tollgate.dialects.error.UpstreamError;
import dev.tollgate.dialects.json.JsonCursor;
import dev.tollgate.dialects.sse.EventSplitter;
import dev.tollgate.dialects.sse.JsonArraySplitter;
import dev.tollgate.dialects.sse.SseEvent;
import dev.tollgate.dialects.sse.SseParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Passes a stream on, event by event, as the provider's own bytes. Events that lie side by side in
 * what arrived are written together, so that one read makes one write. A client never gets a part
 * of an event; hence an error event can be written at any moment.
 *
 * <pre>
 * OPEN --terminal event, end--> ENDED: Complete
 * OPEN --error event, end without terminal event, unreadable event, fail()--> ENDED: Broken
 * </pre>
 */
final class SameStream implements AnswerStream {
    private static final int NULL_BYTES = "null".length();

    private final Dialect dialect;
    private final EventReader reader;
    private final Facts facts;
    private final EventSplitter splitter;
    private final boolean array;
    private final @Nullable String model;
    private final boolean stripUsage;

    private boolean started;
    private boolean wroteElement;
    private boolean closed;
    private @Nullable UpstreamError upstreamError;
    private @Nullable String unreadable;

    /** What closes a JSON array, kept until it is known that nothing has to be added. */
    private byte[] closing = {};

    /** The array that is being fed; null between feeds. */
    private byte @Nullable [] fed;

    // The range of the array at hand that is still to be written.
    private byte @Nullable [] pending;
    private int pendingFrom;
    private int pendingTo;

    SameStream(Dialect dialect, EventReader reader, AnswerTerms terms) {
        this.dialect = dialect;
        this.reader = reader;
        this.facts = new Facts(dialect);
        this.array = dialect == Dialect.GEMINI && !terms.sse();
        this.splitter =
                array
                        ? new JsonArraySplitter(MAX_EVENT_BYTES, true)
                        : new SseParser(MAX_EVENT_BYTES, true);
        this.model = terms.model();
        this.stripUsage = dialect == Dialect.OPENAI_CHAT && !terms.scan().includeUsage();
    }

    @Override
    public void feed(byte[] bytes, int offset, int length, Sink sink) {
        if (closed || unreadable != null) {
            return;
        }
        fed = bytes;
        boolean readable = splitter.feed(bytes, offset, length, event -> event(event, sink));
        if (!readable && unreadable == null && !over()) {
            unreadable = "the provider sent an event that is too large or not readable";
        }
        flush(sink);
        fed = null;
    }

    @Override
    public boolean failed() {
        return closed || unreadable != null || upstreamError != null;
    }

    @Override
    public boolean toldError() {
        return upstreamError != null;
    }

    private void event(SseEvent event, Sink sink) {
        if (unreadable != null) {
            return;
        }
        if (!event.hasData()) {
            between(event, sink);
            return;
        }
        facts.nextEvent();
        if (reader.isMark(event, facts)) {
            // An end mark before anything finished is no end: what comes is an error.
            if (!event.dataIs("[DONE]") || reader.complete(facts)) {
                pass(event, sink);
            }
            return;
        }
        boolean over = over();
        try (var cursor = new JsonCursor(event.array(), event.from(), event.length())) {
            cursor.next();
            if (cursor.token() == null || !cursor.isObject()) {
                unreadable = over ? null : "the provider sent an event that is not a JSON object";
                return;
            }
            reader.object(cursor, event.array(), facts);
        } catch (IOException e) {
            unreadable = over ? null : "the provider sent an event that is not valid JSON";
            return;
        }
        if (facts.error || "error".equals(event.event())) {
            upstreamError = UpstreamError.inStream(dialect, event.data());
        } else {
            started = true;
        }
        boolean renamed = model != null && !facts.modelPlaces.isEmpty();
        boolean cut = stripUsage && facts.nullUsageAt >= 0;
        if (stripUsage && facts.usageHere && facts.choicesEmpty) {
            flush(sink);
        } else if (renamed || cut && !event.isOneLine()) {
            flush(sink);
            rewrite(event, cut, sink);
        } else if (cut) {
            var member = nullUsage(event);
            wroteElement = true;
            pass(event, event.rawFrom(), member.from(), sink);
            pass(event, member.to(), event.rawFrom() + event.rawLength(), sink);
        } else {
            pass(event, sink);
        }
    }

    /** The member {@code "usage":null}, with the comma that parts it from another one. */
    private Span nullUsage(SseEvent event) {
        var bytes = event.array();
        int to = facts.nullUsageAt + NULL_BYTES;
        int from = back(bytes, back(bytes, facts.nullUsageAt, '"'), '"');
        int next = to;
        while (isBlank(bytes[next])) {
            next++;
        }
        if (bytes[next] == ',') {
            return new Span(from, next + 1);
        }
        int before = from - 1;
        while (isBlank(bytes[before])) {
            before--;
        }
        return new Span(bytes[before] == ',' ? before : from, to);
    }

    /** The place of the byte that is nearest before another one. */
    private static int back(byte[] bytes, int from, char wanted) {
        int at = from - 1;
        while (bytes[at] != wanted) {
            at--;
        }
        return at;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t' || b == '\n' || b == '\r';
    }

    /** Whether the terminal event came: what is not readable behind it is left out. */
    private boolean over() {
        return facts.terminal && reader.complete(facts);
    }

    /** A comment or a keep-alive passes; an array's closing bracket waits for the end. */
    private void between(SseEvent event, Sink sink) {
        if (array) {
            closing =
                    Arrays.copyOfRange(
                            event.rawArray(), event.rawFrom(), event.rawFrom() + event.rawLength());
        } else {
            pass(event, sink);
        }
    }

    private void pass(SseEvent event, Sink sink) {
        wroteElement |= event.hasData();
        pass(event, event.rawFrom(), event.rawFrom() + event.rawLength(), sink);
    }

    /** Adds a part of the block to what is written next. */
    private void pass(SseEvent event, int from, int to, Sink sink) {
        if (!event.liesIn(fed)) {
            // The splitter's own buffer, which it uses again for the next event.
            flush(sink);
            sink.write(event.rawArray(), from, to - from);
            return;
        }
        if (pending == null || pendingTo != from) {
            flush(sink);
            pending = event.rawArray();
            pendingFrom = from;
        }
        pendingTo = to;
    }

    private void flush(Sink sink) {
        var bytes = pending;
        if (bytes != null) {
            pending = null;
            sink.write(bytes, pendingFrom, pendingTo - pendingFrom);
        }
    }

    private void rewrite(SseEvent event, boolean cut, Sink sink) {
        wroteElement = true;
        var splice = new Splice();
        var name = model;
        if (name != null) {
            var written = Splice.quoted(name);
            for (var place : facts.modelPlaces) {
                splice.replace(place, written);
            }
        }
        if (cut) {
            splice.replace(nullUsage(event), new byte[0]);
        }
        byte[] out;
        if (event.isOneLine()) {
            out = splice.apply(event.array(), event.rawFrom(), event.rawFrom() + event.rawLength());
        } else {
            // Data of several lines: the event is written anew, with a line for each of them.
            var data = splice.apply(event.array(), event.from(), event.from() + event.length());
            var text = new String(data, StandardCharsets.UTF_8).replace("\n", "\ndata: ");
            var prefix = event.event() == null ? "" : "event: " + event.event() + "\n";
            out = (prefix + "data: " + text + "\n\n").getBytes(StandardCharsets.UTF_8);
        }
        sink.write(out, 0, out.length);
    }

    @Override
    public End end(Sink sink) {
        if (closed) {
            return new End.Broken(ErrorKind.UPSTREAM, "the stream had failed before its end");
        }
        boolean whole = splitter.finish(event -> event(event, sink));
        flush(sink);
        closed = true;
        var error = upstreamError;
        if (error != null) {
            close(sink);
            // The client has the provider's own error event.
            return new End.Broken(error.kind(), error.message());
        }
        if (unreadable != null) {
            return broken(unreadable, sink);
        }
        if (!reader.complete(facts) || !whole && !over()) {
            return broken("the provider's stream ended before the answer was complete", sink);
        }
        close(sink);
        return new End.Complete();
    }

    private void close(Sink sink) {
        if (closing.length > 0) {
            sink.write(closing, 0, closing.length);
        }
    }

    private End broken(String message, Sink sink) {
        writeError(ErrorKind.UPSTREAM, message, sink);
        return new End.Broken(ErrorKind.UPSTREAM, message);
    }

    @Override
    public void fail(ErrorKind kind, String message, Sink sink) {
        if (!closed) {
            flush(sink);
            closed = true;
            writeError(kind, message, sink);
        }
    }

    @Override
    public void endAtLimit(Sink sink) {
        throw new UnsupportedOperationException("a stream of unchanged bytes ends as it was sent");
    }

    private void writeError(ErrorKind kind, String message, Sink sink) {
        var event =
                dialect == Dialect.OPENAI_RESPONSES
                        ? ErrorBody.responsesEvent(kind, message, facts.nextSequence)
                        : ErrorBody.event(dialect, kind, message, !array);
        if (array) {
            write(wroteElement ? "," : "[", sink);
        }
        sink.write(event, 0, event.length);
        if (array) {
            write("]", sink);
        }
    }

    private static void write(String ascii, Sink sink) {
        var bytes = ascii.getBytes(StandardCharsets.US_ASCII);
        sink.write(bytes, 0, bytes.length);
    }

    @Override
    public boolean started() {
        return started;
    }

    @Override
    public boolean sawToken() {
        return facts.token;
    }

    @Override
    public @Nullable Usage usage() {
        return facts.usage();
    }

    @Override
    public boolean usageShrank() {
        return facts.usageShrank();
    }

    @Override
    public @Nullable String finishReason() {
        return facts.finishReason;
    }

    @Override
    public boolean finished(int choices) {
        return facts.finished(choices);
    }

    @Override
    public @Nullable String model() {
        return facts.model;
    }

    @Override
    public long visibleOutputBytes() {
        return facts.visibleBytes;
    }
}
