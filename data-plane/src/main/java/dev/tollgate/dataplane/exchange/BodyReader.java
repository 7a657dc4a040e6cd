package dev.tollgate.dataplane.exchange;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads one request's body, at most so many bytes, at least so fast: a body that makes less than
 * {@link #MIN_BYTES_PER_WINDOW} of progress in {@link #WINDOW_SECONDS} is given up. Memory grows
 * with what has arrived, not with what was announced.
 */
final class BodyReader {

    static final int WINDOW_SECONDS = 10;
    static final int MIN_BYTES_PER_WINDOW = WINDOW_SECONDS * 1024;

    /**
     * A body of several chunks is gathered in pieces of this size, and put together once. An array
     * that grows by doubling would leave twice its size of garbage, which is too large for the
     * young generation: the heap would grow to its limit before anyone collects it.
     */
    private static final int SEGMENT_BYTES = 32 * 1024;

    /** How reading ended. */
    sealed interface Result {
        record Whole(byte[] body) implements Result {}

        record TooLarge() implements Result {}

        record TooSlow() implements Result {}
    }

    private final HttpServerRequest request;
    private final int limit;
    private final Consumer<Result> done;
    private @Nullable Buffer only;
    private final List<byte[]> segments = new ArrayList<>(0);
    private int room;
    private int length;
    private boolean ended;
    private long windowStart;
    private int windowFrom;

    BodyReader(HttpServerRequest request, int limit, long nowNanos, Consumer<Result> done) {
        this.request = request;
        this.limit = limit;
        this.windowStart = nowNanos;
        this.done = done;
    }

    void start() {
        request.handler(this::chunk);
        request.endHandler(v -> end());
    }

    void tick(long nowNanos) {
        if (ended || nowNanos - windowStart < TimeUnit.SECONDS.toNanos(WINDOW_SECONDS)) {
            return;
        }
        if (length - windowFrom < MIN_BYTES_PER_WINDOW) {
            finish(new Result.TooSlow());
        }
        windowStart = nowNanos;
        windowFrom = length;
    }

    private void chunk(Buffer chunk) {
        if (ended) {
            return;
        }
        int more = chunk.length();
        if ((long) length + more > limit) {
            finish(new Result.TooLarge());
            return;
        }
        if (length == 0) {
            only = chunk;
        } else {
            append(chunk);
        }
        length += more;
    }

    private void append(Buffer chunk) {
        var first = only;
        if (first != null) {
            only = null;
            gather(first);
        }
        gather(chunk);
    }

    private void gather(Buffer chunk) {
        int from = 0;
        while (from < chunk.length()) {
            if (room == 0) {
                segments.add(new byte[SEGMENT_BYTES]);
                room = SEGMENT_BYTES;
            }
            int part = Math.min(room, chunk.length() - from);
            chunk.getBytes(from, from + part, segments.getLast(), SEGMENT_BYTES - room);
            from += part;
            room -= part;
        }
    }

    private byte[] gathered() {
        var body = new byte[length];
        for (int i = 0; i < segments.size(); i++) {
            int at = i * SEGMENT_BYTES;
            System.arraycopy(segments.get(i), 0, body, at, Math.min(SEGMENT_BYTES, length - at));
        }
        return body;
    }

    private void end() {
        if (ended) {
            return;
        }
        var single = only;
        finish(new Result.Whole(single != null ? Bytes.of(single) : gathered()));
    }

    private void finish(Result result) {
        ended = true;
        only = null;
        segments.clear();
        done.accept(result);
    }
}
