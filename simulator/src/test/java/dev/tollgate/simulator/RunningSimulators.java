package dev.tollgate.simulator;

import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Script;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Starts simulators for one test and closes them after it; one Vert.x for a class. */
final class RunningSimulators implements AfterEachCallback, AfterAllCallback {
    private static final int WAIT_S = 20;
    static final String KEY = "sk-test-1";

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<Simulator> running = new ArrayList<>();

    Simulator start(Dialect dialect, String script) {
        var options = SimulatorOptions.local(dialect, Script.parse(script));
        var simulator = done(Simulator.start(vertx, options));
        running.add(simulator);
        return simulator;
    }

    HttpRequest.Builder request(Simulator simulator, String path) {
        return HttpRequest.newBuilder(URI.create(simulator.url() + path))
                .header("authorization", "Bearer " + KEY)
                .header("anthropic-version", "2023-06-01")
                .header("content-type", "application/json");
    }

    HttpResponse<String> post(Simulator simulator, String path, String body)
            throws IOException, InterruptedException {
        return send(request(simulator, path).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    HttpResponse<String> get(Simulator simulator, String path)
            throws IOException, InterruptedException {
        return send(request(simulator, path).GET());
    }

    HttpResponse<String> send(HttpRequest.Builder request)
            throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpClient client() {
        return client;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        running.forEach(simulator -> done(simulator.close()));
        running.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        done(vertx.close());
    }

    private static <T> T done(Future<T> future) {
        try {
            return future.await(WAIT_S, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("not within " + WAIT_S + " s", e);
        }
    }
}
