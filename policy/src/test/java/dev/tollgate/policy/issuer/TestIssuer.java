package dev.tollgate.policy.issuer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An issuer of tokens on loopback, with discovery and a JWKS, whose answers a test may replace. Its
 * name is its address.
 */
public final class TestIssuer implements AutoCloseable {

    public static final String CONFIGURATION = "/.well-known/openid-configuration";
    public static final String JWKS = "/keys";

    /** Answers instead of the issuer. */
    @FunctionalInterface
    public interface Behaviour {
        void answer(HttpExchange exchange) throws IOException;
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LIFE_SECONDS = 3_600;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger reads = new AtomicInteger();
    private final Map<String, Behaviour> instead = new HashMap<>();
    private volatile List<TestKey> keys;

    private TestIssuer(HttpServer server, List<TestKey> keys) {
        this.server = server;
        this.keys = keys;
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    public static TestIssuer start(TestKey... keys) throws IOException {
        return start(0, keys);
    }

    /** On a port that is known to be free. */
    public static TestIssuer start(int port, TestKey... keys) throws IOException {
        var address = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port);
        return new TestIssuer(HttpServer.create(address, 0), List.of(keys));
    }

    public String name() {
        return "http://127.0.0.1:" + port();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** How often its keys were asked for. */
    public int reads() {
        return reads.get();
    }

    /** Publishes and signs with others from now on: the first one signs. */
    public void rotate(TestKey... others) {
        keys = List.of(others);
    }

    public void instead(String path, Behaviour behaviour) {
        synchronized (instead) {
            instead.put(path, behaviour);
        }
    }

    /** Answers by itself again. */
    public void mend() {
        synchronized (instead) {
            instead.clear();
        }
    }

    /** A token that is valid for an hour, with these claims over the usual. */
    public String token(String subject, Map<String, ?> claims) {
        var all = new HashMap<String, Object>();
        all.put("iss", name());
        all.put("sub", subject);
        all.put("aud", "tollgate");
        all.put("exp", Instant.now().getEpochSecond() + LIFE_SECONDS);
        all.putAll(claims);
        return keys.getFirst().token(Map.of(), all);
    }

    public static void answer(HttpExchange exchange, int status, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private void handle(HttpExchange exchange) throws IOException {
        var path = exchange.getRequestURI().getPath();
        if (path.equals(JWKS)) {
            reads.incrementAndGet();
        }
        Behaviour other;
        synchronized (instead) {
            other = instead.get(path);
        }
        if (other != null) {
            other.answer(exchange);
        } else {
            answer(
                    exchange,
                    path.equals(CONFIGURATION) || path.equals(JWKS) ? 200 : 404,
                    path.equals(JWKS) ? jwks() : configuration());
        }
    }

    public String configuration() {
        return "{\"issuer\":\"%s\",\"jwks_uri\":\"%s%s\"}".formatted(name(), name(), JWKS);
    }

    public String jwks() throws JsonProcessingException {
        return JSON.writeValueAsString(Map.of("keys", keys.stream().map(TestKey::jwk).toList()));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
