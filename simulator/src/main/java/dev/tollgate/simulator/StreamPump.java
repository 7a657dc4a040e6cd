package dev.tollgate.simulator;

import dev.tollgate.simulator.bill.BilledCall.Outcome;
import dev.tollgate.simulator.script.Behaviour;
import dev.tollgate.simulator.script.Moment;
import dev.tollgate.simulator.script.SseFaults.Injection;
import dev.tollgate.simulator.wire.ApiError;
import dev.tollgate.simulator.wire.SseEvent;
import dev.tollgate.simulator.wire.StreamEncoder;
import dev.tollgate.simulator.wire.Wire;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;

/**
 * Sends one streamed answer, one HTTP chunk an event: as fast as the client reads, or with the gap
 * of the script. Waits for the socket when its queue is full and lets other work of the event loop
 * in after every {@link #EVENTS_A_TURN} events.
 */
final class StreamPump {
    private static final int EVENTS_A_TURN = 128;

    private final Exchange exchange;
    private final HttpServerResponse response;
    private final Behaviour told;
    private final StreamEncoder encoder;
    private final StreamFrames frames;
    private final Deque<Buffer> out = new ArrayDeque<>();
    private final Context context = Objects.requireNonNull(Vertx.currentContext());
    private final int chunks;
    private int done;
    private boolean gapWaited;
    private int injected;
    private boolean awaitingDrain;
    private boolean complete;
    private boolean broken;
    private Future<Void> lastWrite = Future.succeededFuture();

    StreamPump(Exchange exchange, HttpServerResponse response, Exchange.Scene scene) {
        this.exchange = exchange;
        this.response = response;
        this.told = scene.told();
        this.encoder = Wire.stream(scene.dialect(), scene.ask(), scene.answer());
        this.frames = new StreamFrames(scene.dialect(), scene.ask().arrayStream(), told.sse());
        this.chunks = encoder.chunks();
    }

    void start() {
        exchange.progress(0, chunks);
        response.setChunked(true).putHeader("content-type", frames.contentType());
        response.drainHandler(
                drained -> {
                    if (awaitingDrain) {
                        awaitingDrain = false;
                        pump();
                    }
                });
        var hang = told.hang();
        if (hang != null && hang.at() == Moment.AFTER_HEADERS) {
            lastWrite = response.writeHead();
            exchange.hang(hang);
            return;
        }
        var cut = told.cut();
        if (cut != null && cut.at() == Moment.AFTER_HEADERS) {
            lastWrite = response.writeHead();
            exchange.end(Outcome.BROKEN);
            exchange.drop(lastWrite);
            return;
        }
        queue(encoder.opening());
        pump();
    }

    private void pump() {
        for (var turn = 0; !exchange.isOver() || complete || broken; turn++) {
            if (out.isEmpty()) {
                if (!refill()) {
                    return;
                }
                continue;
            }
            if (response.writeQueueFull()) {
                awaitingDrain = true;
                return;
            }
            if (turn >= EVENTS_A_TURN) {
                context.runOnContext(next -> pump());
                return;
            }
            lastWrite = response.write(out.remove());
        }
    }

    /** Queues what comes next; false if nothing does, or not now. */
    private boolean refill() {
        if (complete || broken) {
            response.end();
            return false;
        }
        if (inject()) {
            return true;
        }
        if (scripted()) {
            return broken;
        }
        if (done < chunks) {
            if (done > 0 && told.gap() > 0 && !gapWaited) {
                gapWaited = true;
                exchange.after(told.gap(), this::pump);
                return false;
            }
            gapWaited = false;
            queue(encoder.chunk(done));
            done++;
            exchange.progress(done, chunks);
            return true;
        }
        close();
        return true;
    }

    private void close() {
        var sse = told.sse();
        if (sse == null || !sse.omitFinish()) {
            queue(encoder.finish());
        }
        if (sse == null || !sse.omitTerminal()) {
            queue(encoder.terminal());
        }
        frames.end().ifPresent(out::add);
        complete = true;
        exchange.end(Outcome.COMPLETED);
    }

    private boolean isDue(int afterChunks) {
        return Math.min(afterChunks, chunks) == done;
    }

    private boolean inject() {
        List<Injection> all = told.sse() == null ? List.of() : told.sse().inject();
        if (injected >= all.size() || !isDue(all.get(injected).afterChunks())) {
            return false;
        }
        var next = all.get(injected++);
        switch (next.kind()) {
            case RAW -> out.add(Buffer.buffer(Objects.requireNonNull(next.raw())));
            case GARBAGE -> out.add(frames.line("garbage without a colon"));
            case BAD_JSON -> out.add(frames.event(new SseEvent(null, "{\"choices\":[{")));
            case NUL -> out.add(frames.event(new SseEvent(null, "{\"nul\":\"\u0000\"}")));
            case COMMENT -> out.add(frames.line(": keep-alive"));
            case HUGE_LINE -> out.add(frames.event(encoder.padding(next.lineBytes())));
        }
        return true;
    }

    /** Whether the script stops the stream here; sets {@link #broken} if it still says why. */
    private boolean scripted() {
        var failure = told.error();
        if (failure != null && failure.afterChunks() != null && isDue(failure.afterChunks())) {
            queue(encoder.error(ApiError.scripted(failure)));
            frames.end().ifPresent(out::add);
            broken = true;
            exchange.end(Outcome.BROKEN);
            return true;
        }
        var cut = told.cut();
        if (cut != null && isDue(cut.chunks() == null ? 0 : cut.chunks())) {
            exchange.end(Outcome.BROKEN);
            exchange.drop(lastWrite);
            return true;
        }
        var hang = told.hang();
        if (hang != null && isDue(hang.chunks() == null ? 0 : hang.chunks())) {
            exchange.hang(hang);
            return true;
        }
        return false;
    }

    private void queue(List<SseEvent> events) {
        for (var event : events) {
            out.addAll(frames.chunks(event));
        }
    }
}
