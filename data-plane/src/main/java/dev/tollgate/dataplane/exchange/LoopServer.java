package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.telemetry.TraceIds;
import dev.tollgate.dataplane.upstream.Connections;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.tracing.TracingPolicy;
import java.util.IdentityHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data port on one event loop; several of them share the port. Its limits are those of
 * reliability.md, section 2. A connection whose first request is not complete in its headers after
 * {@link #HEADER_SECONDS}, or that is idle for {@link #IDLE_SECONDS}, is closed.
 */
public final class LoopServer extends VerticleBase {

    private static final Logger LOG = LoggerFactory.getLogger(LoopServer.class);

    static final int HEADER_SECONDS = 10;
    static final int IDLE_SECONDS = 75;

    /** For what is written and not read yet, when a connection is closed. */
    private static final int FLUSH_SECONDS = 600;

    private static final int MAX_HEADER_BYTES = 16 * 1024;
    private static final int MAX_INITIAL_LINE_BYTES = 4 * 1024;
    private static final int MAX_CHUNK_BYTES = 64 * 1024;
    private static final int BACKLOG = 4_096;

    private final String host;
    private final int port;
    private final int maxConnections;
    private final long graceMillis;
    private final Lifecycle lifecycle;
    private final Function<LoopServer, LoopParts> assembly;
    private final IntConsumer listening;
    private final IdentityHashMap<HttpConnection, Watch> watches = new IdentityHashMap<>();
    private @Nullable HttpServer server;
    private @Nullable LoopParts parts;

    /** Keeps an eye on one connection between its requests. */
    private static final class Watch extends Ticker.Ticked {
        private final HttpConnection connection;
        private long deadlineNanos;
        private boolean closing;

        Watch(HttpConnection connection) {
            this.connection = connection;
            within(HEADER_SECONDS);
        }

        void within(long seconds) {
            deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        }

        void busy() {
            deadlineNanos = Long.MAX_VALUE;
        }

        @Override
        boolean mayHold() {
            return false;
        }

        @Override
        void broke(RuntimeException failure) {
            LOG.error("connection: a bug", failure);
            busy();
            connection.close();
        }

        @Override
        void tick(long nowNanos) {
            if (deadlineNanos != Long.MAX_VALUE && nowNanos - deadlineNanos >= 0) {
                if (closing) {
                    busy();
                    Connections.cut(connection);
                } else {
                    closing = true;
                    within(FLUSH_SECONDS);
                    connection.close();
                }
            }
        }
    }

    /**
     * @param port negative: one free port for all of the deployment
     * @param assembly makes the loop's parts, called on the loop
     * @param listening told of the port
     */
    public LoopServer(
            String host,
            int port,
            int maxConnections,
            long graceMillis,
            Lifecycle lifecycle,
            Function<LoopServer, LoopParts> assembly,
            IntConsumer listening) {
        this.host = host;
        this.port = port;
        this.maxConnections = maxConnections;
        this.graceMillis = graceMillis;
        this.lifecycle = lifecycle;
        this.assembly = assembly;
        this.listening = listening;
    }

    @Override
    public Future<?> start() {
        var made = assembly.apply(this);
        parts = made;
        var opened =
                vertx.createHttpServer(options())
                        .connectionHandler(connection -> connected(made, connection))
                        .invalidRequestHandler(LoopServer::unreadable)
                        .requestHandler(request -> requested(made, request));
        server = opened;
        return opened.listen(port, host).onSuccess(s -> listening.accept(s.actualPort()));
    }

    private static HttpServerOptions options() {
        return new HttpServerOptions()
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setMaxInitialLineLength(MAX_INITIAL_LINE_BYTES)
                .setMaxChunkSize(MAX_CHUNK_BYTES)
                .setAcceptBacklog(BACKLOG)
                .setHttp2ClearTextEnabled(false)
                .setCompressionSupported(false)
                .setDecompressionSupported(false)
                // each would put handlers for WebSockets, which are refused, in every message's way
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setHandle100ContinueAutomatically(false)
                .setTcpNoDelay(true)
                .setTcpKeepAlive(true)
                .setTracingPolicy(TracingPolicy.IGNORE);
    }

    private void connected(LoopParts made, HttpConnection connection) {
        var watch = new Watch(connection);
        boolean room = lifecycle.connected(maxConnections);
        watches.put(connection, watch);
        made.ticker().add(watch);
        connection.closeHandler(
                v -> {
                    lifecycle.disconnected();
                    watches.remove(connection);
                    made.ticker().remove(watch);
                });
        if (!room) {
            connection.close();
        }
    }

    private void requested(LoopParts made, HttpServerRequest request) {
        var watch = watches.get(request.connection());
        if (watch != null) {
            watch.busy();
        }
        if (lifecycle.refusing()) {
            request.response().putHeader(Names.CONNECTION, Names.CLOSE);
        }
        Exchange.accept(
                made,
                request,
                () -> {
                    if (watch != null) {
                        watch.within(IDLE_SECONDS);
                    }
                });
    }

    /** What cannot be read as HTTP is refused, and its connection closed. */
    private static void unreadable(HttpServerRequest request) {
        var ids = TraceIds.next(request.getHeader(Names.TRACEPARENT));
        request.response().putHeader(Names.TRACEPARENT, ids.traceparent());
        HttpServerRequest.DEFAULT_INVALID_REQUEST_HANDLER.handle(request);
    }

    /** No new connections; running requests end, or are cut when the grace is over. */
    @Override
    public Future<?> stop() {
        var closing = server;
        var made = parts;
        if (closing == null || made == null) {
            return Future.succeededFuture();
        }
        long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(graceMillis);
        return closing.shutdown(graceMillis, TimeUnit.MILLISECONDS)
                .eventually(
                        () -> {
                            made.ticker().close();
                            long left = deadlineNanos - System.nanoTime();
                            return made.upstreams()
                                    .close(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
                        });
    }
}
