package dev.tollgate.dataplane.admin;

import dev.tollgate.dataplane.budget.BudgetGate;
import dev.tollgate.dataplane.cache.AnswerStore;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.exchange.DrainPool;
import dev.tollgate.dataplane.exchange.Drills;
import dev.tollgate.dataplane.exchange.Lifecycle;
import dev.tollgate.dataplane.exchange.RetryBudget;
import dev.tollgate.dataplane.exchange.TargetStates;
import dev.tollgate.dataplane.telemetry.Metrics;
import dev.tollgate.dataplane.valkey.Valkey;
import dev.tollgate.dataplane.wal.UsageLog;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.tracing.TracingPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The admin port (contract.md): {@code /livez}, {@code /readyz}, {@code /metrics}, {@code /status},
 * {@code /config}, {@code /usage} and the page at {@code /}. Nothing can be changed through it:
 * every method but GET and HEAD is 405.
 */
public final class AdminServer {

    private static final int DEFAULT_USAGE = 100;
    private static final int MAX_USAGE = 1_000;
    private static final String PAGE = "page.html";

    /** What the pages show. */
    public record Sources(
            LiveConfig live,
            BudgetGate gate,
            UsageLog usageLog,
            Metrics metrics,
            TargetStates targets,
            Drills drills,
            RetryBudget retries,
            DrainPool drains,
            AnswerStore answers,
            @Nullable Valkey valkey,
            Lifecycle lifecycle,
            BooleanSupplier loopsAlive) {}

    private final Sources sources;
    private final Status status;
    private final Buffer page = page();
    private @Nullable HttpServer server;

    public AdminServer(Sources sources) {
        this.sources = sources;
        this.status = new Status(sources);
        sources.metrics().gauges(new Gauges(sources));
    }

    public Future<Void> listen(Vertx vertx, String host, int port) {
        var opened =
                vertx.createHttpServer(
                                new HttpServerOptions()
                                        .setHttp2ClearTextEnabled(false)
                                        .setIdleTimeout(75)
                                        .setTracingPolicy(TracingPolicy.IGNORE))
                        .requestHandler(this::answer);
        server = opened;
        return opened.listen(port, host).mapEmpty();
    }

    public int port() {
        return server == null ? -1 : server.actualPort();
    }

    public Future<Void> close() {
        return server == null ? Future.succeededFuture() : server.close();
    }

    private void answer(HttpServerRequest request) {
        var response = request.response().putHeader("cache-control", "no-store");
        var drill = new DrillPage(sources);
        if (drill.takes(request)) {
            drill.begin(request);
            return;
        }
        if (!HttpMethod.GET.equals(request.method()) && !HttpMethod.HEAD.equals(request.method())) {
            response.putHeader("allow", "GET, HEAD");
            text(response.setStatusCode(405), "405: this port is read-only, but for drills\n");
            return;
        }
        switch (request.path() == null ? "" : request.path()) {
            case "/livez" -> health(response, sources.loopsAlive().getAsBoolean(), "event loops");
            case "/readyz" -> {
                var trouble = notReady();
                health(response, trouble == null, trouble == null ? "" : trouble);
            }
            case "/metrics" ->
                    response.putHeader("content-type", "text/plain; version=0.0.4; charset=utf-8")
                            .end(sources.metrics().render());
            case "/status" -> json(response, status.render().toBuffer());
            case "/config" -> config(response);
            case "/usage" -> usage(request, response);
            case DrillPage.PATH -> json(response, drill.render());
            case "/" ->
                    response.putHeader("content-type", "text/html; charset=utf-8")
                            .putHeader(
                                    "content-security-policy",
                                    "default-src 'none'; style-src 'unsafe-inline';"
                                            + " script-src 'unsafe-inline'; connect-src 'self'")
                            .end(page);
            default ->
                    text(
                            response.setStatusCode(404),
                            "404: see / /livez /readyz /metrics /status /config /usage /drill\n");
        }
    }

    private @Nullable String notReady() {
        if (sources.lifecycle().closing()) {
            return "closing";
        }
        if (sources.live().applied() == null) {
            return "no snapshot yet";
        }
        var valkey = sources.valkey();
        return valkey == null || valkey.firstShares().isComplete()
                ? null
                : "no shares of limits yet";
    }

    private static void health(HttpServerResponse response, boolean good, String trouble) {
        text(response.setStatusCode(good ? 200 : 503), good ? "ok\n" : trouble + "\n");
    }

    private void config(HttpServerResponse response) {
        var applied = sources.live().applied();
        if (applied == null) {
            text(response.setStatusCode(503), "no snapshot yet\n");
        } else {
            json(response, Status.redacted(applied).toBuffer());
        }
    }

    private void usage(HttpServerRequest request, HttpServerResponse response) {
        int limit = DEFAULT_USAGE;
        var asked = request.getParam("limit");
        if (asked != null) {
            try {
                limit = Integer.parseInt(asked);
            } catch (NumberFormatException e) {
                limit = -1;
            }
            if (limit < 0 || limit > MAX_USAGE) {
                text(response.setStatusCode(400), "limit: expected 0 to " + MAX_USAGE + "\n");
                return;
            }
        }
        var lines = Buffer.buffer();
        for (var record : sources.usageLog().recent(limit)) {
            lines.appendBytes(record).appendByte((byte) '\n');
        }
        response.putHeader("content-type", "application/x-ndjson").end(lines);
    }

    private static void json(HttpServerResponse response, Buffer body) {
        response.putHeader("content-type", "application/json").end(body);
    }

    private static void text(HttpServerResponse response, String body) {
        response.putHeader("content-type", "text/plain; charset=utf-8").end(body);
    }

    private static Buffer page() {
        try (var in = AdminServer.class.getResourceAsStream(PAGE)) {
            if (in == null) {
                throw new IllegalStateException(PAGE + ": absent (expected: in the jar)");
            }
            return Buffer.buffer(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
