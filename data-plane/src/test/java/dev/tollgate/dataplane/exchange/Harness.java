package dev.tollgate.dataplane.exchange;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.ProxyOptions;
import dev.tollgate.dataplane.ProxyServer;
import dev.tollgate.dataplane.config.Credentials;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.telemetry.Invariant;
import dev.tollgate.dataplane.telemetry.Tracing;
import dev.tollgate.dataplane.wal.Interrupted;
import dev.tollgate.dataplane.wal.UsageLog;
import dev.tollgate.policy.snapshot.ClientKeyEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A proxy on a free port with upstreams of the test's own, all over real sockets. */
final class Harness implements AutoCloseable {

    static final String KEY = "tg-0123456789012345678901234567890123456789012";

    /** What an upstream was asked. */
    record Seen(String uri, Map<String, String> headers, Buffer body) {
        JsonObject json() {
            return body.toJsonObject();
        }
    }

    /** An upstream of the test. */
    static final class Upstream {
        final List<Seen> seen = new CopyOnWriteArrayList<>();
        final List<Boolean> closed = new CopyOnWriteArrayList<>();
        private final HttpServer server;

        Upstream(HttpServer server) {
            this.server = server;
        }

        String url() {
            return "http://127.0.0.1:" + server.actualPort();
        }

        Seen last() {
            return seen.getLast();
        }
    }

    /** Usage records in memory. */
    static final class Records implements UsageLog {
        final List<byte[]> all = new CopyOnWriteArrayList<>();

        /** The next record throws that has {@link #bugIn} in it. */
        final AtomicBoolean bug = new AtomicBoolean();

        volatile String bugIn = "";

        @Override
        public boolean append(String requestId, byte[] usageRecord) {
            if (new String(usageRecord, UTF_8).contains(bugIn) && bug.getAndSet(false)) {
                throw new IllegalStateException("a bug in append");
            }
            return all.add(usageRecord);
        }

        @Override
        public List<Interrupted> interrupted() {
            return List.of();
        }

        @Override
        public List<byte[]> recent(int most) {
            return all.subList(Math.max(0, all.size() - most), all.size());
        }
    }

    final Vertx vertx =
            Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2).setWorkerPoolSize(4));
    final LiveConfig live = new LiveConfig();
    final OpenGate gate = new OpenGate();
    final Records records = new Records();
    final HttpClient http =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(Duration.ofSeconds(60))
                    .build();
    private final List<HttpServer> servers = new ArrayList<>();
    private ProxyServer proxy;

    /** How often the test breaks what always holds. */
    final Map<Invariant, Long> violations = new EnumMap<>(Invariant.class);

    ProxyOptions options =
            ProxyOptions.DEFAULT
                    .withData("127.0.0.1", 0)
                    .withAdmin("127.0.0.1", 0)
                    .withUsageLog("none")
                    .withEventLoops(1)
                    .withClose(Duration.ofMillis(1), Duration.ofSeconds(1));
    Tracing tracing = Tracing.none();

    /** Answers each request when its body is here. */
    Upstream upstream(Handler<HttpServerRequest> behaviour) {
        var ready = new Upstream[1];
        var server =
                vertx.createHttpServer()
                        .requestHandler(
                                request ->
                                        request.bodyHandler(
                                                body -> {
                                                    var headers = new HashMap<String, String>();
                                                    request.headers()
                                                            .forEach(
                                                                    (k, v) ->
                                                                            headers.put(
                                                                                    k.toLowerCase(
                                                                                            java
                                                                                                    .util
                                                                                                    .Locale
                                                                                                    .ROOT),
                                                                                    v));
                                                    ready[0].seen.add(
                                                            new Seen(request.uri(), headers, body));
                                                    request.response()
                                                            .closeHandler(
                                                                    v -> ready[0].closed.add(true));
                                                    behaviour.handle(request);
                                                }));
        ready[0] = new Upstream(get(server.listen(0, "127.0.0.1")));
        servers.add(server);
        return ready[0];
    }

    static Handler<HttpServerRequest> answers(int status, String body) {
        return request ->
                request.response()
                        .setStatusCode(status)
                        .putHeader("content-type", "application/json")
                        .end(body);
    }

    /** The head of a stream of events. */
    static HttpServerResponse streamHead(HttpServerRequest request) {
        return request.response()
                .setChunked(true)
                .putHeader("content-type", "text/event-stream; charset=utf-8");
    }

    /** Answers with a stream of these pieces and its end. */
    static Handler<HttpServerRequest> streams(String... pieces) {
        return request -> {
            var response = streamHead(request);
            for (var piece : pieces) {
                response.write(piece);
            }
            response.end();
        };
    }

    static final String CHAT_ANSWER =
            "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"model-1\","
                    + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},"
                    + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,"
                    + "\"total_tokens\":15}}";

    static String chunk(String text) {
        return "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"model-1\","
                + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
                + text
                + "\"},\"finish_reason\":null}]}\n\n";
    }

    static final String LAST_CHUNKS =
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"model-1\","
                    + "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                    + "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"model-1\","
                    + "\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}}\n\n"
                    + "data: [DONE]\n\n";

    static String chat(String model, boolean stream) {
        return "{\"model\":\""
                + model
                + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
                + (stream ? ",\"stream\":true" : "")
                + "}";
    }

    static ClientKeyEntry clientKey() {
        return new ClientKeyEntry(
                LiveConfig.digest(KEY.getBytes(UTF_8)), "team-a", "key:team-a/keys/app");
    }

    void apply(Snapshot snapshot) {
        assertThat(live.apply(SnapshotCodec.encode(snapshot), "1." + snapshot.hashCode()))
                .isEmpty();
    }

    void credentials(Map<String, String> values) {
        var bytes = new HashMap<String, byte[]>();
        values.forEach((k, v) -> bytes.put(k, v.getBytes(UTF_8)));
        live.credentials(Credentials.of(bytes));
    }

    Harness start() {
        if (live.credentials() == Credentials.NONE) {
            credentials(
                    Map.of(
                            "platform/a/api-key", "sk-a",
                            "platform/b/api-key", "sk-b",
                            "platform/c/api-key", "sk-c"));
        }
        proxy = get(ProxyServer.start(vertx, options, live, gate, records, tracing));
        return this;
    }

    ProxyServer proxy() {
        return proxy;
    }

    String url(String path) {
        return "http://127.0.0.1:" + proxy.port() + path;
    }

    String adminUrl(String path) {
        return "http://127.0.0.1:" + proxy.adminPort() + path;
    }

    HttpRequest.Builder post(String path, String body) {
        return HttpRequest.newBuilder(URI.create(url(path)))
                .timeout(Duration.ofSeconds(60))
                .header("content-type", "application/json")
                .header("authorization", "Bearer " + KEY)
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<String> chat(String body) {
        return send(post("/v1/chat/completions", body));
    }

    /** The proxy's event loop answers it by itself. */
    HttpResponse<String> models() {
        return send(
                HttpRequest.newBuilder(URI.create(url("/v1/models")))
                        .timeout(Duration.ofSeconds(60))
                        .header("authorization", "Bearer " + KEY)
                        .GET());
    }

    /** A client that reads as the test wants: the request is sent, nothing is read yet. */
    Socket socket(String body) throws IOException {
        var socket = new Socket("127.0.0.1", proxy.port());
        socket.setSoTimeout(60_000);
        socket.getOutputStream()
                .write(
                        ("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                        + KEY
                                        + "\r\nContent-Type: application/json\r\nContent-Length: "
                                        + body.length()
                                        + "\r\n\r\n"
                                        + body)
                                .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** Reads to the end of the text, or of the connection, which may be a reset. */
    static String readUntil(InputStream in, String text) throws IOException {
        var read = new StringBuilder();
        try {
            while (read.indexOf(text, read.length() - text.length()) < 0) {
                int b = in.read();
                if (b < 0) {
                    break;
                }
                read.append((char) b);
            }
        } catch (SocketException reset) {
            return read.toString();
        }
        return read.toString();
    }

    HttpResponse<String> admin(String path) {
        return send(HttpRequest.newBuilder(URI.create(adminUrl(path))).GET());
    }

    /** Metrics are counted a moment after the record is written. */
    void awaitMetrics(String... lines) {
        await().untilAsserted(() -> assertThat(admin("/metrics").body()).contains(lines));
    }

    JsonObject record(int count) {
        await().until(() -> records.all.size() >= count);
        assertThat(records.all).hasSize(count);
        return new JsonObject(Buffer.buffer(records.all.get(count - 1)));
    }

    static <T> T get(io.vertx.core.Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (InterruptedException | TimeoutException e) {
            throw new IllegalStateException(e);
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        if (proxy != null) {
            get(proxy.close());
        }
        get(vertx.close());
        if (proxy != null) {
            for (var invariant : Invariant.values()) {
                long twice = invariant == Invariant.I4 ? gate.secondSettles.get() : 0;
                assertThat(proxy.metrics().violations(invariant) + twice)
                        .as("violations of %s", invariant)
                        .isEqualTo(violations.getOrDefault(invariant, 0L));
            }
        }
    }
}
