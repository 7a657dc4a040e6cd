package dev.tollgate.dataplane.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.loopback.FreePort;
import dev.tollgate.dataplane.ProxyOptions;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.dataplane.control.OperatorAddress;
import dev.tollgate.dataplane.exchange.Snapshots;
import dev.tollgate.dataplane.valkey.ValkeyAddress;
import dev.tollgate.policy.push.FromProxy;
import dev.tollgate.policy.snapshot.ClientKeyEntry;
import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.Snapshot;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerResponse;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A proxy of a fleet, its operator, a provider: real sockets, real files. */
class FleetProxyTest {

    private static final String KEY = "tg-0123456789012345678901234567890123456789012";
    private static final String ANSWER =
            "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"model-1\","
                    + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                    + "\"content\":\"Hello\"},\"finish_reason\":\"stop\"}],\"usage\":"
                    + "{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}}";
    private static final Map<String, String> CREDENTIALS = Map.of("platform/a/api-key", "sk-a");

    @TempDir Path directory;

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<String> keysSeen = new CopyOnWriteArrayList<>();
    private HttpServer provider;
    private final List<HttpServerResponse> held = new CopyOnWriteArrayList<>();
    private volatile boolean holds;
    private volatile int status = 200;
    private @Nullable ValkeyAddress valkey;
    private FakeOperator operator;
    private FleetProxy proxy;

    @BeforeEach
    void start() {
        provider =
                get(
                        vertx.createHttpServer()
                                .requestHandler(
                                        request -> {
                                            keysSeen.add(request.getHeader("authorization"));
                                            if (holds) {
                                                held.add(request.response());
                                            } else {
                                                answer(request.response());
                                            }
                                        })
                                .listen(0, "127.0.0.1"));
    }

    private void answer(HttpServerResponse response) {
        response.setStatusCode(status)
                .putHeader("content-type", "application/json")
                .end(status == 200 ? ANSWER : "{}");
    }

    @AfterEach
    void close() throws Exception {
        if (proxy != null) {
            get(proxy.close());
        }
        if (operator != null) {
            operator.close();
        }
        get(vertx.close());
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private Snapshot snapshot(String model) {
        ProviderEntry served =
                Snapshots.provider(
                        "a", "openai-chat", "http://127.0.0.1:" + provider.actualPort() + "/v1");
        return Snapshots.of(
                List.of(served),
                List.of(Snapshots.chain(model, Snapshots.retry(1, null), List.of(served))),
                List.of(),
                List.of(
                        new ClientKeyEntry(
                                LiveConfig.digest(KEY.getBytes(UTF_8)),
                                "team-a",
                                "key:team-a/keys/app")),
                List.of());
    }

    private void startOperator(int port, long epoch, String model) throws Exception {
        operator = new FakeOperator(vertx, port, epoch, snapshot(model), CREDENTIALS);
    }

    private void startProxy(int operatorPort) throws Exception {
        proxy =
                get(
                        FleetProxy.start(
                                vertx,
                                ProxyOptions.DEFAULT
                                        .withData("127.0.0.1", 0)
                                        .withAdmin("127.0.0.1", 0)
                                        .withUsageLog("none")
                                        .withEventLoops(1)
                                        .withClose(Duration.ofMillis(1), Duration.ofSeconds(30))
                                        .withValkey(valkey),
                                new FleetSettings(
                                        new OperatorAddress(
                                                "127.0.0.1",
                                                operatorPort,
                                                new OperatorAddress.Security.None()),
                                        "proxy-1",
                                        "test",
                                        directory.resolve("data"),
                                        directory.resolve("config"),
                                        null)));
    }

    private int ask(String model) {
        var body =
                "{\"model\":\""
                        + model
                        + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
        var request =
                HttpRequest.newBuilder(
                                URI.create(
                                        "http://127.0.0.1:"
                                                + proxy.port()
                                                + "/v1/chat/completions"))
                        .timeout(Duration.ofSeconds(60))
                        .header("authorization", "Bearer " + KEY)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
        return send(request);
    }

    private int ready() {
        return send(
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + proxy.adminPort() + "/readyz"))
                        .build());
    }

    private int send(HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void acknowledged() {
        await().until(
                        () ->
                                operator.heard.stream()
                                        .filter(FromProxy::hasAck)
                                        .anyMatch(
                                                message ->
                                                        message.getAck()
                                                                .getRevision()
                                                                .equals(operator.revision())));
    }

    @Test
    void isReadyOnlyOnceItHasASnapshot() throws Exception {
        startOperator(FreePort.next(), 1, "fast");
        var port = operator.port();
        operator.close();
        operator = null;
        startProxy(port);
        assertThat(ready()).isEqualTo(503);
        assertThat(ask("fast")).isEqualTo(503);
        startOperator(port, 1, "fast");
        acknowledged();
        await().until(() -> ready() == 200);
        assertThat(ask("fast")).isEqualTo(200);
        assertThat(keysSeen).containsExactly("Bearer sk-a");
    }

    @Test
    void waitsForItsSharesInAValkeyThatIsSilentForTwoSecondsAndThenServesWithoutThem()
            throws Exception {
        var silent = get(vertx.createNetServer().connectHandler(_ -> {}).listen(0, "127.0.0.1"));
        valkey = ValkeyAddress.parse("redis://127.0.0.1:" + silent.actualPort());
        startOperator(0, 1, "fast");
        var began = System.nanoTime();
        startProxy(operator.port());
        acknowledged();
        await().until(() -> ready() == 200);
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isGreaterThan(Duration.ofMillis(1_900));
        assertThat(ask("fast")).isEqualTo(200);
    }

    @Test
    void leavesTheFleetOnlyWhenItsLastRequestIsAnswered() throws Exception {
        startOperator(0, 1, "fast");
        startProxy(operator.port());
        acknowledged();
        holds = true;
        var asked = CompletableFuture.supplyAsync(() -> ask("fast"));
        await().until(() -> held.size() == 1);
        var closed = proxy.close();
        proxy = null;
        await().during(Duration.ofMillis(500)).until(() -> !operator.isLeft());
        answer(held.getFirst());
        assertThat(asked.join()).isEqualTo(200);
        get(closed);
        await().until(operator::isLeft);
    }

    @Test
    void servesItsLastSnapshotWithinFiveSecondsOfARestartWithTheOperatorDown() throws Exception {
        startOperator(FreePort.next(), 1, "fast");
        var port = operator.port();
        startProxy(port);
        acknowledged();
        get(proxy.close());
        proxy = null;
        operator.close();
        operator = null;
        var took = new ArrayList<Duration>();
        for (int start = 0; start < 2; start++) { // a busy machine may delay one
            var began = System.nanoTime();
            startProxy(port);
            assertThat(ready()).isEqualTo(200);
            assertThat(ask("fast")).isEqualTo(200);
            took.add(Duration.ofNanos(System.nanoTime() - began));
            get(proxy.close());
            proxy = null;
        }
        assertThat(Collections.min(took)).isLessThan(Duration.ofSeconds(5));
        assertThat(keysSeen)
                .as("with the key that was kept")
                .hasSize(2)
                .containsOnly("Bearer sk-a");
    }

    @Test
    void goesOnServingWhileTheOperatorIsAwayAndTakesWhatItMissed() throws Exception {
        startOperator(FreePort.next(), 1, "fast");
        var port = operator.port();
        startProxy(port);
        acknowledged();
        var first = operator.revision();
        operator.close();
        assertThat(ask("fast")).isEqualTo(200);
        startOperator(port, 2, "new");
        acknowledged();
        assertThat(operator.heard.getFirst().getHello().getApplied()).isEqualTo(first);
        assertThat(ask("new")).isEqualTo(200);
        assertThat(ask("fast")).as("gone with the new snapshot").isEqualTo(404);
    }

    @Test
    void anOperatorOfAnEarlierEpochChangesNothing() throws Exception {
        startOperator(FreePort.next(), 5, "fast");
        var port = operator.port();
        startProxy(port);
        acknowledged();
        operator.close();
        startOperator(port, 4, "stale");
        await().until(() -> operator.heard.stream().anyMatch(FromProxy::hasNack));
        assertThat(ask("fast")).isEqualTo(200);
        assertThat(ask("stale")).isEqualTo(404);
    }

    @Test
    void tellsTheOperatorWhatItSawOfItsTargets() throws Exception {
        startOperator(0, 1, "fast");
        startProxy(operator.port());
        acknowledged();
        assertThat(ask("fast")).isEqualTo(200);
        status = 500;
        assertThat(ask("fast")).isEqualTo(502);
        await().until(
                        () ->
                                operator.heard.stream()
                                        .filter(FromProxy::hasHeartbeat)
                                        .flatMap(
                                                message ->
                                                        message
                                                                .getHeartbeat()
                                                                .getFiguresList()
                                                                .stream())
                                        .anyMatch(
                                                figures ->
                                                        figures.getProvider().equals("platform/a")
                                                                && figures.getModel()
                                                                        .equals("model-1")
                                                                && figures.getRequests() == 2
                                                                && figures.getErrors() == 1));
    }
}
