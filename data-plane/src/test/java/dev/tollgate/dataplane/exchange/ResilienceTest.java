package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static dev.tollgate.dataplane.exchange.Harness.streamHead;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.snapshot.ProviderEntry;
import dev.tollgate.policy.snapshot.RuleEntry;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Timeouts, waits between attempts, circuits, and clients that leave: all over real sockets. */
class ResilienceTest {

    private static final String ERROR_500 = "{\"error\":{\"message\":\"boom\"}}";
    private static final long LONG_MILLIS = 30_000;

    private final Harness harness = new Harness();
    private final List<ProviderEntry> providers = new ArrayList<>();
    private ProviderEntry.Timeouts timeouts =
            new ProviderEntry.Timeouts(LONG_MILLIS, LONG_MILLIS, LONG_MILLIS, LONG_MILLIS);
    private RuleEntry.Retry retry = Snapshots.retry(3, null);

    @AfterEach
    void close() {
        harness.close();
    }

    private Harness.Upstream provider(Handler<HttpServerRequest> behaviour) {
        var upstream = harness.upstream(behaviour);
        provider(upstream.url());
        return upstream;
    }

    private void provider(String url) {
        var name = String.valueOf((char) ('a' + providers.size()));
        providers.add(Snapshots.provider(name, "openai-chat", url + "/v1", timeouts, true));
    }

    private void start() {
        harness.apply(
                Snapshots.of(
                        providers,
                        List.of(Snapshots.chain("model-1", retry, providers)),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private static RuleEntry.Retry waiting(long baseMillis, long maxMillis, long retryAfterMillis) {
        return new RuleEntry.Retry(
                EnumSet.allOf(RuleEntry.Cause.class),
                3,
                null,
                baseMillis,
                maxMillis,
                retryAfterMillis);
    }

    private static JsonObject attempt(JsonObject record, int index) {
        return record.getJsonArray("attempts").getJsonObject(index);
    }

    private static final String PLAIN = Harness.chat("model-1", false);
    private static final String STREAM = Harness.chat("model-1", true);

    // ---- timeouts

    @Test
    void aProviderThatAcceptsNoConnectionIsLeftAfterTheConnectTimeout() throws IOException {
        timeouts = new ProviderEntry.Timeouts(1_000, LONG_MILLIS, LONG_MILLIS, LONG_MILLIS);
        var loopback = InetAddress.getLoopbackAddress();
        var fill = new ArrayList<Socket>();
        // a full backlog: the kernel answers no further SYN
        try (var deaf = new ServerSocket(0, 1, loopback)) {
            for (var i = 0; i < 8; i++) {
                var socket = new Socket();
                fill.add(socket);
                try {
                    socket.connect(deaf.getLocalSocketAddress(), 500);
                } catch (java.net.SocketTimeoutException full) {
                    break;
                }
            }
            provider("http://127.0.0.1:" + deaf.getLocalPort());
            provider(answers(200, Harness.CHAT_ANSWER));
            start();
            assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
            var first = attempt(harness.record(1), 0);
            assertThat(first.getString("outcome")).isEqualTo("connect_failure");
            assertThat(first.getString("cost_usd")).isEqualTo("0");
            assertThat(first.getLong("latency_ms")).isBetween(900L, LONG_MILLIS - 1);
        } finally {
            for (var socket : fill) {
                socket.close();
            }
        }
    }

    @Test
    void aStreamWithoutAHeadIsLeftAfterTheFirstByteTimeout() {
        timeouts = new ProviderEntry.Timeouts(LONG_MILLIS, 3_000, LONG_MILLIS, LONG_MILLIS);
        var silent = provider(request -> {});
        provider(Harness.streams(Harness.chunk("Hello"), Harness.LAST_CHUNKS));
        start();
        assertThat(harness.chat(STREAM).body()).contains("Hello");
        assertThat(attempt(harness.record(1), 0).getString("outcome")).isEqualTo("timeout");
        await().until(() -> !silent.closed.isEmpty());
    }

    @Test
    void aStreamThatOnlyDribblesIsEndedWhenTheRequestsTimeIsOver() throws IOException {
        timeouts = new ProviderEntry.Timeouts(LONG_MILLIS, LONG_MILLIS, LONG_MILLIS, 3_000);
        var dribbling =
                provider(
                        request -> {
                            var response = streamHead(request);
                            harness.vertx.setPeriodic(
                                    50,
                                    id -> {
                                        if (response.closed()) {
                                            harness.vertx.cancelTimer(id);
                                        } else {
                                            response.write(Harness.chunk("x"));
                                        }
                                    });
                        });
        start();
        try (var socket = harness.socket(STREAM)) {
            assertThat(Harness.readUntil(socket.getInputStream(), "\"error\"")).contains("error");
        }
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("timeout");
        assertThat(record.getLong("latency_ms")).isBetween(3_000L, LONG_MILLIS - 1);
        await().until(() -> !dribbling.closed.isEmpty());
    }

    @Test
    void aPlainCallIsEndedWhenTheRequestsTimeIsOver() {
        timeouts = new ProviderEntry.Timeouts(LONG_MILLIS, LONG_MILLIS, LONG_MILLIS, 2_000);
        var silent = provider(request -> {});
        provider(answers(200, Harness.CHAT_ANSWER));
        start();
        var answer = harness.chat(PLAIN);
        assertThat(answer.statusCode()).isEqualTo(504);
        assertThat(new JsonObject(answer.body()).getJsonObject("error").getString("message"))
                .contains("did not answer in time");
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("timeout");
        assertThat(record.getJsonArray("attempts")).as("no time for another").hasSize(1);
        await().until(() -> !silent.closed.isEmpty());
    }

    @Test
    void aProviderThatDoesNotReadTheRequestIsLeft() {
        retry = Snapshots.retry(3, 4_000L);
        var sockets = new CopyOnWriteArrayList<NetSocket>();
        var deaf =
                Harness.get(
                        harness.vertx
                                .createNetServer()
                                .connectHandler(
                                        socket -> {
                                            socket.pause();
                                            sockets.add(socket);
                                        })
                                .listen(0, "127.0.0.1"));
        provider("http://127.0.0.1:" + deaf.actualPort());
        var second = provider(answers(200, Harness.CHAT_ANSWER));
        start();
        // white space passes unchanged and counts for nothing
        var body = PLAIN.replace(",\"messages\"", " ".repeat(8 * 1024 * 1024) + ",\"messages\"");
        assertThat(harness.chat(body).statusCode()).isEqualTo(200);
        assertThat(attempt(harness.record(1), 0).getString("outcome")).isEqualTo("timeout");
        assertThat(second.last().body().length()).isGreaterThan(8 * 1024 * 1024);
    }

    @Test
    void whoWaitsTooLongForAFreeConnectionIsToldToTryAgain() throws Exception {
        harness.options = withConnections(2);
        var held = new CopyOnWriteArrayList<HttpServerRequest>();
        provider(held::add);
        start();
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var i = 0; i < 2; i++) {
                clients.submit(() -> harness.chat(PLAIN));
            }
            await().until(() -> held.size() == 2);
            var refused = harness.chat(PLAIN);
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(new JsonObject(refused.body()).getJsonObject("error").getString("code"))
                    .isEqualTo("overloaded");
            assertThat(Long.parseLong(refused.headers().firstValue("retry-after").orElseThrow()))
                    .isBetween(1L, 5L);
            assertThat(refused.headers().firstValue("x-should-retry")).isEmpty();
            var record = harness.record(1);
            assertThat(record.getString("outcome")).isEqualTo("overloaded");
            assertThat(record.getString("cost_usd")).isEqualTo("0");
            assertThat(record.getLong("latency_ms")).isBetween(950L, LONG_MILLIS - 1);
            assertThat(held).as("upstream calls").hasSize(2);

            // one that waits has the connection that gets free, and the provider is not to blame
            var waits = clients.submit(() -> harness.chat(PLAIN));
            // it waits for a second
            await().pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> harness.gate.claims.size() == 4);
            harness.vertx.runOnContext(
                    v -> held.forEach(answers(200, Harness.CHAT_ANSWER)::handle));
            await().until(() -> held.size() == 3);
            harness.vertx.runOnContext(
                    v -> answers(200, Harness.CHAT_ANSWER).handle(held.getLast()));
            assertThat(waits.get().statusCode()).isEqualTo(200);
        }
        assertThat(harness.gate.settled).hasSize(4);
    }

    @Test
    void anotherTargetServesWhoFindsNoFreeConnection() {
        harness.options = withConnections(1);
        var held = new CopyOnWriteArrayList<HttpServerRequest>();
        provider(held::add);
        provider(answers(200, Harness.CHAT_ANSWER));
        start();
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            clients.submit(() -> harness.chat(PLAIN));
            await().until(() -> held.size() == 1);
            for (var i = 0; i < 4; i++) {
                var answer = harness.chat(PLAIN);
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("b");
            }
            var first = attempt(harness.record(4), 0);
            assertThat(first.getString("outcome")).isEqualTo("no_free_connection");
            assertThat(first.getString("cost_usd")).isEqualTo("0");
            assertThat(harness.admin("/metrics").body())
                    .contains("tollgate_circuit_state{provider=\"platform/a\"} 0");
            harness.vertx.runOnContext(
                    v -> answers(200, Harness.CHAT_ANSWER).handle(held.getFirst()));
        }
    }

    @Test
    void aConnectionIsFreeAgainHoweverItsCallEnded() throws IOException {
        harness.options = withConnections(1);
        timeouts = new ProviderEntry.Timeouts(LONG_MILLIS, 3_000, LONG_MILLIS, LONG_MILLIS);
        var number = new AtomicInteger();
        provider(
                request -> {
                    switch (number.getAndIncrement()) {
                        case 0 -> request.connection().close();
                        case 1 -> answers(400, ERROR_500).handle(request);
                        case 2 -> {} // no head in time
                        case 3 -> streamHead(request).write(Harness.chunk("Hel"));
                        case 4 -> answers(200, "<html>").handle(request);
                        default -> answers(200, Harness.CHAT_ANSWER).handle(request);
                    }
                });
        retry = Snapshots.retry(1, null);
        start();
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(502);
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(400);
        assertThat(harness.chat(STREAM).statusCode()).isEqualTo(504);
        try (var socket = harness.socket(STREAM)) {
            Harness.readUntil(socket.getInputStream(), "Hel");
        }
        harness.record(4);
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(502);
        for (var i = 0; i < 3; i++) {
            assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        }
    }

    private dev.tollgate.dataplane.ProxyOptions withConnections(int most) {
        var all = harness.options;
        return new dev.tollgate.dataplane.ProxyOptions(
                all.host(),
                all.port(),
                all.adminHost(),
                all.adminPort(),
                all.eventLoops(),
                all.usageLog(),
                all.anonymousNamespace(),
                all.otlpEndpoint(),
                all.otlpSpans(),
                all.otlpRecords(),
                all.sampleRatio(),
                all.resourceAttributes(),
                most,
                all.maxConnections(),
                all.closeLag(),
                all.closeGrace(),
                all.exchange(),
                null);
    }

    // ---- waits between attempts

    @Test
    void theOnlyTargetIsTriedAgainNoEarlierThanItAsked() {
        retry = waiting(1, 2, 5_000);
        var times = new CopyOnWriteArrayList<Long>();
        provider(
                request -> {
                    times.add(System.nanoTime());
                    if (times.size() == 1) {
                        request.response()
                                .setStatusCode(429)
                                .putHeader("retry-after", "1")
                                .end(ERROR_500);
                    } else {
                        answers(200, Harness.CHAT_ANSWER).handle(request);
                    }
                });
        start();
        assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        assertThat(Duration.ofNanos(times.get(1) - times.get(0)))
                .isBetween(Duration.ofMillis(990), Duration.ofMillis(LONG_MILLIS));
    }

    @Test
    void aWaitThatIsTooLongIsToldToTheClient() {
        retry = waiting(1, 2, 2_000);
        var limited =
                provider(
                        request ->
                                request.response()
                                        .setStatusCode(429)
                                        .putHeader("retry-after", "30")
                                        .end(ERROR_500));
        start();
        var answer = harness.chat(PLAIN);
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(Long.parseLong(answer.headers().firstValue("retry-after").orElseThrow()))
                .isBetween(25L, 60L);
        assertThat(limited.seen).hasSize(1);
    }

    @Test
    void theWaitBetweenAttemptsIsRandomAndBounded() {
        retry = waiting(400, 800, 2_000);
        var times = new CopyOnWriteArrayList<Long>();
        provider(
                request -> {
                    times.add(System.nanoTime());
                    answers(times.size() % 3 == 0 ? 200 : 500, answer(times.size()))
                            .handle(request);
                });
        start();
        var firsts = new ArrayList<Long>();
        var seconds = new ArrayList<Long>();
        // two retries each: ten in one second are always allowed, and no more than that
        for (var i = 0; i < 4; i++) {
            assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
            firsts.add((times.get(3 * i + 1) - times.get(3 * i)) / 1_000_000);
            var second = (times.get(3 * i + 2) - times.get(3 * i + 1)) / 1_000_000;
            seconds.add(second);
        }
        // a busy machine may delay some, and not half
        assertThat(median(seconds)).as("%s", seconds).isLessThan(800 + 1_000);
        assertThat(median(firsts)).as("%s", firsts).isLessThan(400 + 1_000);
        assertThat(firsts.stream().distinct().count()).as("%s", firsts).isGreaterThan(1);
        assertThat(firsts.stream().mapToLong(wait -> wait).max().orElseThrow())
                .as("some wait at all: %s", firsts)
                .isGreaterThan(20);
    }

    private static long median(List<Long> waits) {
        return waits.stream().sorted().toList().get(waits.size() / 2);
    }

    private static String answer(int number) {
        return number % 3 == 0 ? Harness.CHAT_ANSWER : ERROR_500;
    }

    // ---- the circuit

    @Test
    void aHalfOpenCircuitLetsOneProbeThrough() throws Exception {
        var broken = new AtomicBoolean(true);
        var held = new CopyOnWriteArrayList<HttpServerRequest>();
        var first =
                provider(
                        request -> {
                            if (broken.get()) {
                                answers(500, ERROR_500).handle(request);
                            } else {
                                held.add(request);
                            }
                        });
        var second = provider(answers(200, Harness.CHAT_ANSWER));
        start();
        for (var i = 0; i < 3; i++) {
            assertThat(harness.chat(PLAIN).statusCode()).isEqualTo(200);
        }
        assertThat(first.seen).hasSize(3);
        broken.set(false);
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            // the circuit is open for 400 ms; whoever comes first after that is the probe
            await().until(
                            () -> {
                                clients.submit(() -> harness.chat(PLAIN));
                                return !held.isEmpty();
                            });
            var before = second.seen.size();
            for (var i = 0; i < 10; i++) {
                clients.submit(() -> harness.chat(PLAIN));
            }
            await().until(() -> second.seen.size() >= before + 10);
            assertThat(held).as("probes").hasSize(1);
            harness.vertx.runOnContext(
                    v -> answers(200, Harness.CHAT_ANSWER).handle(held.getFirst()));
        }
        harness.awaitMetrics("tollgate_circuit_state{provider=\"platform/a\"} 0");
    }

    // ---- clients that leave

    @Test
    void aClientThatLeavesWhileNothingButKeepAlivesCameCancelsUpstream() throws IOException {
        var sent = new AtomicInteger();
        var upstream =
                provider(
                        request ->
                                streamHead(request)
                                        .write(": wait\n\n")
                                        .onSuccess(v -> sent.incrementAndGet()));
        start();
        try (var socket = harness.socket(STREAM)) {
            await().until(() -> sent.get() == 1 && socket.isConnected());
        }
        await().until(() -> !upstream.closed.isEmpty());
        assertThat(harness.record(1).getString("outcome")).isEqualTo("aborted");
        assertThat(harness.gate.settled).hasSize(1);
    }

    @Test
    void aClientThatResetsItsConnectionCancelsUpstream() throws IOException {
        var upstream = provider(request -> streamHead(request).write(Harness.chunk("Hel")));
        start();
        try (var socket = harness.socket(STREAM)) {
            Harness.readUntil(socket.getInputStream(), "Hel");
            socket.setSoLinger(true, 0); // RST instead of FIN
        }
        await().until(() -> !upstream.closed.isEmpty());
        assertThat(harness.record(1).getString("outcome")).isEqualTo("aborted");
    }

    @Test
    void noAttemptIsMadeForAClientThatLeftDuringTheWait() throws IOException {
        retry = waiting(1, 2, 8_000);
        var upstream =
                provider(
                        request ->
                                request.response()
                                        .setStatusCode(503)
                                        .putHeader("retry-after", "5")
                                        .end(ERROR_500));
        start();
        try (var socket = harness.socket(STREAM)) {
            await().until(() -> harness.gate.settled.size() == 1 && socket.isConnected());
        }
        assertThat(harness.record(1).getString("outcome")).isEqualTo("aborted");
        // the wait of five seconds passes, and nothing comes of it
        await().during(Duration.ofMillis(5_500)).until(() -> upstream.seen.size() == 1);
        assertThat(harness.gate.claims).hasSize(1);
    }

    @Test
    void aClientThatReadsNothingForTooLongCountsAsGone() throws IOException {
        harness.options =
                harness.options.withExchange(
                        new ExchangeSettings(10 * 1024 * 1024, 64 * 1024 * 1024, 500));
        var piece = Buffer.buffer(Harness.chunk("x".repeat(60_000)));
        var upstream =
                provider(
                        request -> {
                            var response = streamHead(request);
                            harness.vertx.setPeriodic(
                                    1,
                                    id -> {
                                        if (response.closed()) {
                                            harness.vertx.cancelTimer(id);
                                        } else if (!response.writeQueueFull()) {
                                            response.write(piece);
                                        }
                                    });
                        });
        start();
        try (var socket = harness.socket(STREAM)) {
            await().until(() -> !upstream.closed.isEmpty());
            assertThat(harness.record(1).getString("outcome")).isEqualTo("aborted");
            // its connection is closed with all that it did not read
            await().until(
                            () ->
                                    harness.admin("/metrics")
                                            .body()
                                            .contains("tollgate_connections 0"));
            assertThat(socket.isClosed()).isFalse();
        }
    }
}
