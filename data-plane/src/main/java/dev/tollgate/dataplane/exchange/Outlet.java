package dev.tollgate.dataplane.exchange;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of a stream go: to the client, or into memory until it is known whether this
 * answer is the one. What is held is bounded: a longer answer is let go as it is.
 *
 * <pre>
 * HOLDING --release, more than {@link #MAX_HELD_BYTES}--> OPEN
 * </pre>
 */
final class Outlet {

    static final int MAX_HELD_BYTES = 1024 * 1024;
    private static final int WRITE_QUEUE_BYTES = 64 * 1024;

    private final HttpServerResponse client;
    private final Runnable head;
    private @Nullable Buffer held;
    private boolean begun;
    private boolean opened;

    private Outlet(HttpServerResponse client, Runnable head, @Nullable Buffer held) {
        this.client = client;
        this.head = head;
        this.held = held;
    }

    /**
     * @param head writes the head of the answer
     */
    static Outlet open(HttpServerResponse client, Runnable head) {
        return new Outlet(client, head, null);
    }

    static Outlet holding(HttpServerResponse client, Runnable head) {
        return new Outlet(client, head, Buffer.buffer());
    }

    /** Nothing has gone to the client. */
    boolean holds() {
        return held != null;
    }

    /** What is held. */
    byte[] held() {
        var all = held;
        return all == null ? new byte[0] : all.getBytes();
    }

    /** The first event is here. */
    void begin() {
        begun = true;
        if (held == null) {
            open();
        }
    }

    private void open() {
        if (!opened) {
            opened = true;
            client.setWriteQueueMaxSize(WRITE_QUEUE_BYTES);
            head.run();
        }
    }

    /** Nothing has to be held any more; the head goes out with the first event. */
    void holdNoMore() {
        if (begun) {
            release();
        } else {
            held = null;
        }
    }

    /** Nothing of this answer goes to the client. */
    void discard() {
        held = null;
    }

    Future<Void> write(Buffer chunk) {
        var all = held;
        if (all == null) {
            return client.write(chunk);
        }
        all.appendBuffer(chunk);
        return all.length() > MAX_HELD_BYTES ? release() : Future.succeededFuture();
    }

    /** This answer is the one: all of it goes out, and what comes later follows at once. */
    Future<Void> release() {
        var all = held;
        if (all == null) {
            return Future.succeededFuture();
        }
        held = null;
        open();
        return all.length() == 0 ? Future.succeededFuture() : client.write(all);
    }

    boolean isFull() {
        return held == null && client.writeQueueFull();
    }

    void onDrain(Handler<Void> handler) {
        client.drainHandler(handler);
    }
}
