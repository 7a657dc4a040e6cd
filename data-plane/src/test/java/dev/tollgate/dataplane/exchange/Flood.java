package dev.tollgate.dataplane.exchange;

import static org.awaitility.Awaitility.await;

import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A provider that writes tokens as fast as they are taken, each in a long event of its own, up to
 * the most that the model may; and that keeps its bill.
 */
final class Flood implements Handler<HttpServerRequest> {

    private static final int MOST_TOKENS = 4_096;
    private static final String EVENT =
            Harness.chunk("x").replaceFirst("\\{", "{\"pad\":\"" + "p".repeat(4_000) + "\",");

    private static final int TURNS = 50;

    private final AtomicInteger written = new AtomicInteger();
    private volatile Context context;

    @Override
    public void handle(HttpServerRequest request) {
        context = Vertx.currentContext();
        pump(Harness.streamHead(request));
    }

    private void pump(HttpServerResponse response) {
        while (!response.closed() && !response.writeQueueFull() && written.get() < MOST_TOKENS) {
            response.write(EVENT);
            written.incrementAndGet();
        }
        response.drainHandler(v -> pump(response));
    }

    /** What it has written, and at least one token of input. */
    long billNanos() {
        return 1_000 + written.get() * 2_000L;
    }

    /** Until it writes nothing more, though proxy and provider have turned many times. */
    void awaitStandstill(Harness harness) {
        await().atMost(Duration.ofSeconds(60))
                .until(
                        () -> {
                            int before = written.get();
                            for (int i = 0; i < TURNS; i++) {
                                harness.models();
                                var turn = Promise.<Void>promise();
                                context.runOnContext(v -> turn.complete());
                                Harness.get(turn.future());
                            }
                            return before > 0 && before == written.get();
                        });
    }
}
