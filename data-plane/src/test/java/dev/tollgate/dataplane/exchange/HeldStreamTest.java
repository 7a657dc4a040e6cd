package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.streamHead;
import static dev.tollgate.dataplane.exchange.Harness.streams;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a provider sends before its first event binds nobody: another target may still serve. */
class HeldStreamTest {

    private static final String KEEP_ALIVE = ": PROCESSING a\n\n";
    private static final String ERROR =
            "data: {\"error\":{\"message\":\"too many requests of gateway key\",\"code\":429,"
                    + "\"type\":\"rate_limit_error\"}}\n\n";
    private static final String ANTHROPIC_ERROR =
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                    + "\"message\":\"Overloaded\"}}\n\n";
    private static final long LONG_MILLIS = 40_000;

    private final Harness harness = new Harness();
    private final List<Harness.Upstream> upstreams = new ArrayList<>();
    private String firstDialect = "openai-chat";
    private long quietMillis = LONG_MILLIS;

    @AfterEach
    void close() {
        harness.close();
    }

    @SafeVarargs
    private void start(Handler<HttpServerRequest>... behaviours) {
        var providers = new ArrayList<ProviderEntry>();
        for (var behaviour : behaviours) {
            var upstream = harness.upstream(behaviour);
            upstreams.add(upstream);
            providers.add(
                    Snapshots.provider(
                            String.valueOf((char) ('a' + providers.size())),
                            providers.isEmpty() ? firstDialect : "openai-chat",
                            upstream.url() + "/v1",
                            Snapshots.timeouts(quietMillis),
                            true));
        }
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("model-1", Snapshots.retry(3, null), providers)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private static Handler<HttpServerRequest> staysOpenAfter(String... pieces) {
        return request -> {
            var response = streamHead(request);
            for (var piece : pieces) {
                response.write(piece);
            }
        };
    }

    private static Handler<HttpServerRequest> hello() {
        return streams(": PROCESSING b\n\n", Harness.chunk("Hello"), Harness.LAST_CHUNKS);
    }

    private static String stream() {
        return Harness.chat("model-1", true);
    }

    private JsonObject firstAttempt() {
        return harness.record(1).getJsonArray("attempts").getJsonObject(0);
    }

    @Test
    void keepAlivesOfATargetThatFailsNeverReachTheClient() {
        start(streams(KEEP_ALIVE, KEEP_ALIVE, KEEP_ALIVE), hello());
        var answer = harness.chat(stream());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("b");
        assertThat(answer.headers().firstValue("x-tollgate-attempts")).hasValue("2");
        assertThat(answer.body())
                .startsWith(": PROCESSING b\n\n" + Harness.chunk("Hello"))
                .doesNotContain("PROCESSING a")
                .endsWith("data: [DONE]\n\n");
    }

    @Test
    void keepAlivesOfTheTargetThatServesComeBeforeItsFirstEvent() throws IOException {
        var open = new CopyOnWriteArrayList<HttpServerResponse>();
        start(
                request -> {
                    var response = streamHead(request);
                    response.write(KEEP_ALIVE).onSuccess(v -> open.add(response));
                });
        try (var socket = harness.socket(stream())) {
            await().until(() -> !open.isEmpty());
            harness.vertx.runOnContext(
                    v -> {
                        open.getFirst().write(Harness.chunk("Hel"));
                        open.getFirst().write(KEEP_ALIVE);
                        open.getFirst().end(Harness.LAST_CHUNKS);
                    });
            var read = Harness.readUntil(socket.getInputStream(), "[DONE]");
            assertThat(read).startsWith("HTTP/1.1 200").containsSubsequence("PROCESSING", "Hel");
            assertThat(read.split("PROCESSING a", -1)).hasSize(3);
        }
    }

    @Test
    void keepAlivesDoNotPutOffTheFirstByteTimeout() {
        quietMillis = 3_000;
        start(
                request -> {
                    var response = streamHead(request);
                    response.write(KEEP_ALIVE);
                    harness.vertx.setPeriodic(
                            50,
                            id -> {
                                if (response.closed()) {
                                    harness.vertx.cancelTimer(id);
                                } else {
                                    response.write(KEEP_ALIVE);
                                }
                            });
                },
                hello());
        assertThat(harness.chat(stream()).body()).contains("Hello").doesNotContain("PROCESSING a");
        assertThat(firstAttempt().getString("outcome")).isEqualTo("timeout");
        await().until(() -> !upstreams.getFirst().closed.isEmpty());
    }

    @Test
    void moreThanTheBoundIsNotHeld() {
        start(staysOpenAfter((": " + "x".repeat(10_000) + "\n\n").repeat(40)), hello());
        assertThat(harness.chat(stream()).body()).contains("Hello").doesNotContain("xxxx");
        assertThat(firstAttempt().getString("outcome")).isEqualTo("server_error");
        await().until(() -> !upstreams.getFirst().closed.isEmpty());
    }

    @Test
    void aFirstEventThatIsAnErrorIsNotWaitedForAnyLonger() {
        start(staysOpenAfter(KEEP_ALIVE, ERROR), hello());
        var began = System.nanoTime();
        assertThat(harness.chat(stream()).body()).contains("Hello").doesNotContain("too many");
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isLessThan(Duration.ofMillis(LONG_MILLIS));
        assertThat(firstAttempt().getString("outcome")).isEqualTo("rate_limited");
        await().until(() -> !upstreams.getFirst().closed.isEmpty());
    }

    @Test
    void aFirstEventThatIsAnErrorInAnotherDialectIsNotWaitedForAnyLonger() {
        firstDialect = "anthropic";
        start(staysOpenAfter(ANTHROPIC_ERROR), hello());
        assertThat(harness.chat(stream()).body()).contains("Hello").doesNotContain("Overloaded");
        assertThat(firstAttempt().getInteger("status")).isEqualTo(529);
        assertThat(firstAttempt().getLong("latency_ms")).isLessThan(LONG_MILLIS);
        await().until(() -> !upstreams.getFirst().closed.isEmpty());
    }

    @Test
    void aFirstEventThatCannotBeReadIsNotWaitedForAnyLonger() {
        start(staysOpenAfter("data: {\"id\": oops\n\n"), hello());
        assertThat(harness.chat(stream()).body()).contains("Hello").doesNotContain("oops");
        assertThat(firstAttempt().getString("outcome")).isEqualTo("server_error");
        assertThat(firstAttempt().getLong("latency_ms")).isLessThan(LONG_MILLIS);
    }

    @Test
    void aFirstEventThatIsAnErrorIsAnAnswerOfItsOwnWhenNobodyElseServes() {
        start(staysOpenAfter(KEEP_ALIVE, ERROR));
        var answer = harness.chat(stream());
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(new JsonObject(answer.body()).getJsonObject("error").getString("message"))
                .contains("rate limiting the gateway")
                .doesNotContain("gateway key");
    }

    @Test
    void anErrorAfterTheFirstEventEndsTheClientsStreamAtOnce() throws IOException {
        start(staysOpenAfter(Harness.chunk("Hel"), ERROR), hello());
        try (var socket = harness.socket(stream())) {
            var read = new StringBuilder();
            try {
                var in = socket.getInputStream();
                for (int b = in.read(); b >= 0; b = in.read()) {
                    read.append((char) b);
                }
            } catch (java.net.SocketException reset) {
                read.append("");
            }
            assertThat(read).contains("Hel").contains("\"error\"").doesNotContain("Hello");
            assertThat(read).doesNotContain("[DONE]").doesNotEndWith("0\r\n\r\n");
        }
        assertThat(upstreams.get(1).seen).isEmpty();
        assertThat(harness.record(1).getString("outcome")).isEqualTo("truncated");
        assertThat(harness.record(1).getLong("latency_ms")).isLessThan(LONG_MILLIS);
        await().until(() -> !upstreams.getFirst().closed.isEmpty());
    }
}
