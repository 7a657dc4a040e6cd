package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.ErrorKind;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Carries one stream from provider to client (reliability.md, section 4). Nothing goes to the
 * client before the provider's first real event, so that another target can still serve: comments
 * and pings are held until then, at most {@link #MAX_HELD_BYTES} of them and until the first-byte
 * deadline, which they do not put off; the client waits for its head. From then on it gets every
 * event, or an error event and a reset. The provider is paused while the client does not keep up,
 * once its owner has seen to the money for what it writes unseen ({@link Owner#grew}).
 *
 * <pre>
 * HELD --first event--> FLOWING --end--> OVER: complete
 *   |                     |--cut, silent, error--> OVER: truncated (error event, then reset)
 *   |                     |--endAtLimit()--> OVER: limited (the dialect's reason for its length)
 *   |                     |--client gone--> DETACHED --end, silent, given up--> OVER: detached
 *   +--end, silent, error, too much held--> OVER: nothing()
 * </pre>
 */
final class Relay {

    private static final int MAX_HELD_BYTES = 256 * 1024;

    /** Of what the client does not take, this much is kept until the owner has paused. */
    private static final int MAX_AHEAD_BYTES = 1024 * 1024;

    /**
     * Read on for so long, what the provider wrote while it was paused has come: it waits in
     * buffers, and is read as fast as the network goes.
     */
    private static final long CATCH_UP_NANOS = 5_000_000_000L;

    /** Hears how the stream went: exactly one of the five ends. */
    interface Owner {
        /** The first event is here: the head goes out now. */
        void opens();

        void token();

        /**
         * More of the answer is on its way to the client. If that does not keep up, this calls
         * {@link #pause} at once or as soon as the money for what then is written unseen is held.
         */
        void grew();

        /** The client has a clean end, though the provider would have gone on. */
        void limited();

        /** The client has everything; the response still has to be ended. */
        void complete();

        /** The provider failed before anything went to the client. */
        void nothing(ErrorKind kind, String message);

        /** The provider failed midway; the client has the error event, and is to be reset. */
        void truncated(ErrorKind kind, String message);

        /**
         * The client reads nothing any more, or the client had gone and the provider is done.
         *
         * @param whole the provider's stream was read to its proper end
         */
        void detached(boolean whole);

        /** A handler threw: a bug. */
        void broke(RuntimeException failure);
    }

    private enum Phase {
        HELD,
        FLOWING,
        DETACHED,
        OVER
    }

    private final Owner owner;
    private final HttpClientResponse upstream;
    private final Outlet client;
    private final AnswerStream stream;
    private final long idleNanos;
    private final long stallNanos;
    private Phase phase = Phase.HELD;
    private long deadlineNanos;
    private boolean full;
    private long aheadBytes;
    private boolean paused;
    private boolean ended;
    private long caughtUpNanos = System.nanoTime();
    private boolean sawToken;
    private Future<Void> lastWrite = Future.succeededFuture();
    private @Nullable Buffer out;
    private byte @Nullable [] feeding;
    private @Nullable Buffer fed;
    private boolean borrowed;
    private final @Nullable Capture capture;

    /**
     * @param firstByteDeadlineNanos for the first event
     * @param idleMillis between two reads from the provider
     * @param stallMillis that the client may read nothing
     * @param capture writes down what the client gets, or would get if it had not left; null: none
     */
    Relay(
            Owner owner,
            HttpClientResponse upstream,
            Outlet client,
            AnswerStream stream,
            long firstByteDeadlineNanos,
            long idleMillis,
            long stallMillis,
            @Nullable Capture capture) {
        this.owner = owner;
        this.upstream = upstream;
        this.client = client;
        this.stream = stream;
        this.deadlineNanos = firstByteDeadlineNanos;
        this.idleNanos = TimeUnit.MILLISECONDS.toNanos(idleMillis);
        this.stallNanos = TimeUnit.MILLISECONDS.toNanos(stallMillis);
        this.capture = capture;
    }

    AnswerStream stream() {
        return stream;
    }

    /** Completes when the client has been sent all that was written. */
    Future<Void> flushed() {
        return lastWrite;
    }

    void start() {
        upstream.handler(safe(this::read));
        upstream.endHandler(
                safe(
                        v -> {
                            ended = hasEndOfItsOwn(upstream);
                            end();
                        }));
        upstream.exceptionHandler(
                safe(failure -> cut(ErrorKind.UPSTREAM, "the provider's stream broke")));
    }

    /** A body that ends with its connection may have been cut by whoever passes it on. */
    static boolean hasEndOfItsOwn(HttpClientResponse answer) {
        var headers = answer.headers();
        return headers.contains(HttpHeaders.CONTENT_LENGTH)
                || headers.contains(HttpHeaders.TRANSFER_ENCODING, HttpHeaders.CHUNKED, true);
    }

    private <T> Handler<T> safe(Handler<T> handler) {
        return event -> {
            try {
                handler.handle(event);
            } catch (RuntimeException e) {
                owner.broke(e);
            }
        };
    }

    private void read(Buffer chunk) {
        if (phase == Phase.OVER) {
            return;
        }
        var bytes = Bytes.of(chunk);
        feeding = bytes;
        fed = chunk;
        stream.feed(bytes, 0, bytes.length, this::sink);
        feeding = null;
        fed = null;
        if (!sawToken && stream.sawToken()) {
            sawToken = true;
            owner.token();
        }
        if (phase == Phase.HELD && stream.started()) {
            phase = Phase.FLOWING;
            owner.opens();
        }
        if (stream.failed()) {
            // what the provider may still send says nothing: another target need not wait for it
            end();
            upstream.request().reset();
        } else if (phase == Phase.HELD) {
            heldTooMuch();
        } else {
            deadlineNanos = System.nanoTime() + idleNanos;
            forward();
            if (phase == Phase.FLOWING) {
                owner.grew();
            }
            if (aheadBytes > MAX_AHEAD_BYTES) {
                pause();
            }
        }
    }

    /** One write a read, and no copy where all of it passes unchanged. */
    private void sink(byte[] bytes, int offset, int length) {
        if (capture != null) {
            capture.add(bytes, offset, length);
        }
        if (length == 0 || phase == Phase.DETACHED) {
            return;
        }
        var chunk = fed;
        boolean all = offset == 0 && length == bytes.length && isFed(bytes);
        if (out == null) {
            borrowed = all && chunk != null;
            out =
                    all && chunk != null
                            ? chunk
                            : Buffer.buffer(length).appendBytes(bytes, offset, length);
        } else {
            out = borrowed ? out.copy() : out;
            borrowed = false;
            out.appendBytes(bytes, offset, length);
        }
    }

    @SuppressWarnings("ReferenceEquality") // the same array, not one with the same bytes
    private boolean isFed(byte[] bytes) {
        return bytes == feeding;
    }

    private void forward() {
        var ready = out;
        if (ready == null || phase != Phase.FLOWING) {
            return;
        }
        out = null;
        lastWrite = client.write(ready);
        if (full) {
            aheadBytes += ready.length();
        } else if (client.isFull()) {
            full = true;
            client.onDrain(safe(v -> drained()));
        }
    }

    /** The client does not keep up. */
    boolean isFull() {
        return full;
    }

    /** If the client does not keep up: nothing more is read until it does. */
    void pause() {
        if (full && !paused && phase == Phase.FLOWING) {
            paused = true;
            upstream.pause();
            deadlineNanos = System.nanoTime() + stallNanos;
        }
    }

    private void drained() {
        full = false;
        aheadBytes = 0;
        if (paused && phase != Phase.OVER) {
            readOn();
        }
    }

    private void readOn() {
        long now = System.nanoTime();
        paused = false;
        deadlineNanos = now + idleNanos;
        caughtUpNanos = now + CATCH_UP_NANOS;
        upstream.resume();
    }

    /** The provider may have written, and bill, more than was read. */
    boolean isBehind() {
        return paused || System.nanoTime() - caughtUpNanos < 0;
    }

    /** The provider has ended its body or told of its error, and all before that was read. */
    boolean isReadToItsEnd() {
        return ended || stream.toldError();
    }

    /** The client's stream ends cleanly here, and the provider is given up. */
    void endAtLimit() {
        if (phase != Phase.FLOWING) {
            return;
        }
        stream.endAtLimit(this::sink);
        forward();
        if (stream.failed()) {
            over(Phase.FLOWING, ErrorKind.UPSTREAM, "the answer could not be ended");
        } else {
            phase = Phase.OVER;
            owner.limited();
        }
        upstream.request().reset();
    }

    private void heldTooMuch() {
        if (out != null && out.length() > MAX_HELD_BYTES) {
            cut(ErrorKind.UPSTREAM, "the provider sent too much before its first event");
        }
    }

    private void end() {
        if (phase == Phase.OVER) {
            return;
        }
        var before = phase;
        var ended = stream.end(this::sink);
        if (before == Phase.FLOWING) {
            forward();
        }
        switch (ended) {
            case AnswerStream.End.Complete complete -> {
                if (before == Phase.HELD) {
                    owner.opens();
                    phase = Phase.FLOWING;
                    forward();
                }
                phase = Phase.OVER;
                if (before == Phase.DETACHED) {
                    owner.detached(true);
                } else {
                    owner.complete();
                }
            }
            case AnswerStream.End.Broken broken -> over(before, broken.kind(), broken.message());
        }
    }

    /** The provider is given up: its connection is not used again. */
    private void cut(ErrorKind kind, String message) {
        if (phase == Phase.OVER) {
            return;
        }
        var before = phase;
        if (before == Phase.FLOWING) {
            stream.fail(kind, message, this::sink);
            forward();
        }
        over(before, kind, message);
        upstream.request().reset();
    }

    private void over(Phase before, ErrorKind kind, String message) {
        phase = Phase.OVER;
        out = null;
        switch (before) {
            case HELD -> owner.nothing(kind, message);
            case FLOWING -> owner.truncated(kind, message);
            case DETACHED -> owner.detached(false);
            case OVER -> throw new IllegalStateException("phase: OVER (expected: one before it)");
        }
    }

    void tick(long nowNanos) {
        if (phase == Phase.OVER || nowNanos - deadlineNanos < 0) {
            return;
        }
        if (paused) {
            giveUp();
        } else {
            cut(
                    ErrorKind.TIMEOUT,
                    phase == Phase.HELD
                            ? "the provider sent no first byte in time"
                            : "the provider fell silent");
        }
    }

    /** The whole request's time is over. */
    void expire() {
        cut(ErrorKind.TIMEOUT, "the request took too long");
    }

    /** The client is gone: read on for the exact cost, with nobody listening. */
    void detach() {
        phase = Phase.DETACHED;
        out = null;
        if (paused) {
            readOn();
        }
        deadlineNanos = System.nanoTime() + idleNanos;
    }

    /**
     * Nobody listens and the provider stops billing: its connection is closed, as soon as what has
     * come of it already is read. That may be all.
     */
    void giveUp() {
        boolean waits = isBehind();
        detach();
        if (waits) {
            Vertx.currentContext().runOnContext(safe(v -> giveUpRead()));
        } else {
            giveUpRead();
        }
    }

    private void giveUpRead() {
        if (phase == Phase.DETACHED) {
            phase = Phase.OVER;
            upstream.request().reset();
            owner.detached(false);
        }
    }

    /** Nothing more is read, and the owner hears nothing: its connection is closed at once. */
    void abandon() {
        phase = Phase.OVER;
        out = null;
        upstream.request().reset();
    }
}
