package dev.tollgate.operator.ledger;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Between a client and the API server, in plain HTTP on loopback: loses, doubles and holds up
 * requests when told. What it asks, it asks by the right of its own client.
 */
final class ApiRelay implements AutoCloseable {

    private enum Fault {
        NONE,
        ANSWER_LOST,
        ANSWER_CUT,
        ANSWER_EMPTY,
        WRITE_LOST,
        TWICE
    }

    private static final Set<String> WRITES = Set.of("POST", "PUT", "DELETE");

    private final KubernetesClient far;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicReference<Fault> next = new AtomicReference<>(Fault.NONE);
    private volatile boolean emptiesReads;
    private final Object gate = new Object();
    private boolean stalled;

    /**
     * @param far repeats no request
     */
    ApiRelay(KubernetesClient far) throws IOException {
        this.far = far;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::relay);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** The next write is made; the connection breaks before its answer. */
    void loseNextAnswer() {
        next.set(Fault.ANSWER_LOST);
    }

    /** The next write is made; the connection breaks within its answer. */
    void cutNextAnswer() {
        next.set(Fault.ANSWER_CUT);
    }

    /** The next write is made; its answer is a code without a body. */
    void emptyNextAnswer() {
        next.set(Fault.ANSWER_EMPTY);
    }

    /** All that is read is answered by a code without a body. */
    void emptyReads(boolean is) {
        emptiesReads = is;
    }

    /** The next write is not made; the connection breaks. */
    void loseNextWrite() {
        next.set(Fault.WRITE_LOST);
    }

    /** The next write is asked for twice; the client gets the last answer. */
    void doubleNextWrite() {
        next.set(Fault.TWICE);
    }

    /** Requests wait here, whether or not their client does. */
    void stall(boolean is) {
        synchronized (gate) {
            stalled = is;
            gate.notifyAll();
        }
    }

    private void relay(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            awaitResumed();
            var writes = WRITES.contains(exchange.getRequestMethod());
            switch (writes ? next.getAndSet(Fault.NONE) : Fault.NONE) {
                case NONE -> {
                    var answer = ask(exchange, body);
                    if (emptiesReads && !writes) {
                        exchange.sendResponseHeaders(answer.code(), -1);
                    } else {
                        answer(exchange, answer);
                    }
                }
                case ANSWER_LOST -> ask(exchange, body);
                case ANSWER_CUT -> {
                    var answer = ask(exchange, body);
                    exchange.sendResponseHeaders(answer.code(), answer.body().length);
                    exchange.getResponseBody().write(answer.body(), 0, answer.body().length / 2);
                    exchange.getResponseBody().flush();
                }
                case ANSWER_EMPTY -> exchange.sendResponseHeaders(ask(exchange, body).code(), -1);
                case WRITE_LOST -> {}
                case TWICE -> {
                    ask(exchange, body);
                    answer(exchange, ask(exchange, body));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitResumed() throws InterruptedException {
        synchronized (gate) {
            while (stalled) {
                gate.wait();
            }
        }
    }

    private HttpResponse<byte[]> ask(HttpExchange exchange, String body) {
        var uri = exchange.getRequestURI();
        var http = far.getHttpClient();
        var request =
                http.newHttpRequestBuilder()
                        .uri(URI.create(far.getMasterUrl().toString()).resolve(uri.toString()));
        var type = exchange.getRequestHeaders().getFirst("Content-Type");
        request.method(exchange.getRequestMethod(), type, body.isEmpty() ? null : body);
        return http.sendAsync(request.build(), byte[].class).join();
    }

    private static void answer(HttpExchange exchange, HttpResponse<byte[]> answer)
            throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(answer.code(), answer.body().length);
        exchange.getResponseBody().write(answer.body());
    }

    @Override
    public void close() {
        stall(false);
        server.stop(0);
        threads.close();
    }
}
