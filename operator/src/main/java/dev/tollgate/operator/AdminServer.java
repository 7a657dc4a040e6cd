package dev.tollgate.operator;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * {@code /livez}, {@code /readyz}, {@code /metrics}, {@code /status} and {@code /ledger};
 * read-only. Every handler answers from memory.
 */
final class AdminServer {

    private static final int IDLE_SECONDS = 30;

    private final HttpServer server;
    private final BooleanSupplier live;
    private final BooleanSupplier ready;
    private final Supplier<String> metrics;
    private final Supplier<String> status;
    private final Supplier<String> ledger;

    AdminServer(
            Vertx vertx,
            BooleanSupplier live,
            BooleanSupplier ready,
            Supplier<String> metrics,
            Supplier<String> status,
            Supplier<String> ledger) {
        this.live = live;
        this.ready = ready;
        this.metrics = metrics;
        this.status = status;
        this.ledger = ledger;
        this.server =
                vertx.createHttpServer(
                                new HttpServerOptions()
                                        .setIdleTimeout(IDLE_SECONDS)
                                        .setHttp2ClearTextEnabled(false))
                        .requestHandler(this::answer);
    }

    Future<HttpServer> listen(String host, int port) {
        return server.listen(port, host);
    }

    int port() {
        return server.actualPort();
    }

    private void answer(HttpServerRequest request) {
        var response = request.response();
        if (!request.method().name().equals("GET")) {
            response.setStatusCode(405).putHeader("allow", "GET").end();
            return;
        }
        switch (request.path()) {
            case "/livez" -> response.setStatusCode(live.getAsBoolean() ? 200 : 503).end();
            case "/readyz" -> response.setStatusCode(ready.getAsBoolean() ? 200 : 503).end();
            case "/metrics" ->
                    response.putHeader("content-type", "text/plain; version=0.0.4")
                            .end(metrics.get());
            case "/status" ->
                    response.putHeader("content-type", "application/json").end(status.get());
            case "/ledger" ->
                    response.putHeader("content-type", "application/json").end(ledger.get());
            default -> response.setStatusCode(404).end();
        }
    }
}
