package dev.tollgate.operator;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;

/**
 * {@code /livez}, {@code /readyz}, {@code /metrics}, {@code /status} and {@code /ledger};
 * read-only. Every handler answers from memory. Who stands by is ready too: a rollout must not wait
 * for leadership.
 */
final class AdminServer {

    private static final int IDLE_SECONDS = 30;

    private final HttpServer server;

    /** What the pages say. */
    interface Pages {
        boolean live();

        boolean ready();

        /** In the Prometheus text format. */
        String metrics();

        /** JSON. */
        String status();

        /** JSON; empty: of the operator that leads. */
        Optional<String> ledger();
    }

    private final Pages pages;

    AdminServer(Vertx vertx, Pages pages) {
        this.pages = pages;
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
            case "/livez" -> response.setStatusCode(pages.live() ? 200 : 503).end();
            case "/readyz" -> response.setStatusCode(pages.ready() ? 200 : 503).end();
            case "/metrics" ->
                    response.putHeader("content-type", "text/plain; version=0.0.4")
                            .end(pages.metrics());
            case "/status" ->
                    response.putHeader("content-type", "application/json").end(pages.status());
            case "/ledger" ->
                    pages.ledger()
                            .ifPresentOrElse(
                                    json ->
                                            response.putHeader("content-type", "application/json")
                                                    .end(json),
                                    () ->
                                            response.setStatusCode(503)
                                                    .putHeader("content-type", "application/json")
                                                    .end(pages.status()));
            default -> response.setStatusCode(404).end();
        }
    }
}
