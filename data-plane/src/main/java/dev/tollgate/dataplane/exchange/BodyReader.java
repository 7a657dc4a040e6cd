package dev.tollgate.dataplane.exchange;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.Arrays;
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

    private static final byte[] EMPTY = {};

    /** How reading ended. */
    sealed interface Result {
        record Whole(byte[] body) implements Result {}

        record TooLarge() implements Result {}

        record TooSlow() implements Result {}
    }

    private final HttpServerRequest request;
    private final long announced;
    private final int limit;
    private final Consumer<Result> done;
    private @Nullable Buffer only;
    private byte @Nullable [] gathered;
    private int length;
    private boolean ended;
    private long windowStart;
    private int windowFrom;

    /**
     * @param announced content-length, negative if there is none
     */
    BodyReader(
            HttpServerRequest request,
            long announced,
            int limit,
            long nowNanos,
            Consumer<Result> done) {
        this.request = request;
        this.announced = announced;
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
        var room = gathered;
        var first = only;
        if (room == null) {
            long expected = Math.min(announced, 64 * 1024L);
            room = new byte[(int) Math.max(expected, 2L * (length + chunk.length()))];
            if (first != null) {
                first.getBytes(room, 0);
            }
            only = null;
        }
        if (room.length - length < chunk.length()) {
            room =
                    Arrays.copyOf(
                            room,
                            Math.min(limit, Math.max(2 * room.length, length + chunk.length())));
        }
        chunk.getBytes(room, length);
        gathered = room;
    }

    private void end() {
        if (ended) {
            return;
        }
        var single = only;
        var several = gathered;
        var body =
                single != null
                        ? Bytes.of(single)
                        : several == null ? EMPTY : Arrays.copyOf(several, length);
        finish(new Result.Whole(body));
    }

    private void finish(Result result) {
        ended = true;
        only = null;
        gathered = null;
        done.accept(result);
    }
}
