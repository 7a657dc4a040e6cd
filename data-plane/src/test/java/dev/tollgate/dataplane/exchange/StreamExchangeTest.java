package dev.tollgate.dataplane.exchange;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.snapshot.ProviderEntry;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StreamExchangeTest {

    private final Harness harness = new Harness();
    private final List<Harness.Upstream> upstreams = new ArrayList<>();
    private boolean stopsOnDisconnect = true;
    private long quietMillis = Snapshots.PATIENT_MILLIS;

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
                            "openai-chat",
                            upstream.url() + "/v1",
                            Snapshots.timeouts(quietMillis),
                            stopsOnDisconnect));
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

    private String stream() {
        return Harness.chat("model-1", true);
    }

    @Test
    void passesTheProvidersEventsAndHidesTheUsageThatNobodyAskedFor() {
        start(Harness.streams(Harness.chunk("Hel"), Harness.chunk("lo"), Harness.LAST_CHUNKS));
        var answer = harness.chat(stream());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type"))
                .hasValue("text/event-stream; charset=utf-8");
        var events = Harness.LAST_CHUNKS.split("(?<=\n\n)");
        assertThat(answer.body())
                .isEqualTo(Harness.chunk("Hel") + Harness.chunk("lo") + events[0] + events[2]);
        assertThat(
                        upstreams
                                .getFirst()
                                .last()
                                .json()
                                .getJsonObject("stream_options")
                                .getBoolean("include_usage"))
                .isTrue();
        var record = harness.record(1);
        assertThat(record.getBoolean("stream")).isTrue();
        assertThat(record.getString("cost_usd")).isEqualTo("0.00002");
        assertThat(record.getInteger("ttft_ms")).isNotNull();
        assertThat(record.containsKey("cost_assumed")).isFalse();
    }

    @Test
    void anotherTargetServesAStreamThatFailsBeforeItsFirstEvent() {
        start(
                Harness.streams(": ping\n\n"),
                Harness.streams(Harness.chunk("Hello"), Harness.LAST_CHUNKS));
        var answer = harness.chat(stream());
        assertThat(answer.body()).contains("Hello").endsWith("data: [DONE]\n\n");
        assertThat(answer.headers().firstValue("x-tollgate-provider")).hasValue("b");
    }

    @Test
    void anotherTargetServesAStreamWhoseFirstEventIsAnError() {
        start(
                Harness.streams("data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n"),
                Harness.streams(Harness.chunk("Hello"), Harness.LAST_CHUNKS));
        assertThat(harness.chat(stream()).body()).contains("Hello").doesNotContain("overloaded");
    }

    @Test
    void anotherTargetServesAStreamThatHangsAfterItsHead() {
        quietMillis = 3_000;
        start(
                request -> Harness.streamHead(request).writeHead(),
                Harness.streams(Harness.chunk("Hello"), Harness.LAST_CHUNKS));
        assertThat(harness.chat(stream()).body()).contains("Hello");
        assertThat(harness.record(1).getJsonArray("attempts").getJsonObject(0).getString("outcome"))
                .isEqualTo("timeout");
    }

    @Test
    void aStreamThatIsCutEndsWithAnErrorEventAndAReset() throws IOException {
        start(
                request -> {
                    var response = Harness.streamHead(request);
                    response.write(Harness.chunk("Hel"))
                            .onComplete(v -> request.connection().close());
                },
                Harness.streams(Harness.chunk("never"), Harness.LAST_CHUNKS));
        var raw = rawStream();
        assertThat(raw).contains("Hel").contains("\"error\"").doesNotContain("[DONE]");
        assertThat(raw).as("no last chunk: truncation shows").doesNotEndWith("0\r\n\r\n");
        assertThat(upstreams.get(1).seen).isEmpty();
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("truncated");
        assertThat(record.getBoolean("cost_assumed")).isTrue();
    }

    @Test
    void aStreamThatEndsWithoutItsLastEventIsNoSuccess() throws IOException {
        start(Harness.streams(Harness.chunk("Hel")));
        assertThat(rawStream()).contains("\"error\"").doesNotEndWith("0\r\n\r\n");
        assertThat(harness.record(1).getString("outcome")).isEqualTo("truncated");
    }

    private static String finished(int choice) {
        return "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"model-1\","
                + "\"choices\":[{\"index\":"
                + choice
                + ",\"delta\":{},\"finish_reason\":\"stop\"}],"
                + "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}}\n\n";
    }

    /** Of two choices these have finished when the provider's connection breaks. */
    private OpenGate.Settled cutWhen(String finished) throws IOException {
        start(
                request -> {
                    var response = Harness.streamHead(request);
                    response.write(Harness.chunk("Hel") + finished)
                            .onComplete(v -> request.connection().close());
                });
        var two = stream().replaceFirst("\\{", "{\"n\":2,");
        try (var socket = harness.socket(two)) {
            Harness.readUntil(socket.getInputStream(), "\"error\"");
        }
        await().until(() -> !harness.gate.settled.isEmpty());
        return harness.gate.settled.getFirst();
    }

    @Test
    void figuresAreNotFinalWhileAChoiceHasNotFinished() throws IOException {
        assertThat(cutWhen(finished(0) + finished(0)).assumed()).isTrue();
    }

    @Test
    void figuresThatComeWithAChoiceAreNotFinal() throws IOException {
        assertThat(cutWhen(finished(0) + finished(1)).assumed()).isTrue();
    }

    private static String usageOfAll() {
        return Harness.LAST_CHUNKS.split("(?<=\n\n)")[1];
    }

    @Test
    void figuresAreFinalOnceAllChoicesHaveFinished() throws IOException {
        var settled = cutWhen(finished(0) + finished(1) + usageOfAll());
        assertThat(settled.assumed()).isFalse();
        assertThat(settled.cost().nanos()).isEqualTo(20_000);
    }

    @Test
    void aStreamThatFallsSilentIsEndedWithAnError() throws IOException {
        quietMillis = 3_000;
        start(request -> Harness.streamHead(request).write(Harness.chunk("Hel")));
        assertThat(rawStream()).contains("Hel").contains("\"error\"");
        assertThat(harness.record(1).getString("outcome")).isEqualTo("timeout");
        await().until(() -> !upstreams.getFirst().closed.isEmpty());
    }

    @Test
    void aClientThatLeavesCancelsUpstreamAndIsCharged() throws Exception {
        start(request -> Harness.streamHead(request).write(Harness.chunk("Hel")));
        try (var socket = harness.socket(stream())) {
            Harness.readUntil(socket.getInputStream(), "Hel");
        }
        await().until(() -> !upstreams.getFirst().closed.isEmpty());
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("aborted");
        assertThat(record.getInteger("status")).isEqualTo(499);
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.assumed()).isTrue();
        assertThat(settled.cost().nanos()).isPositive();
        assertThat(settled.cost().isMoreThan(settled.claim().bound())).isFalse();
    }

    @Test
    void aClientThatLeavesWhileTheProviderBillsOnIsReadToTheEnd() throws Exception {
        stopsOnDisconnect = false;
        var open = new ArrayList<HttpServerResponse>();
        start(
                request -> {
                    var response = Harness.streamHead(request);
                    response.write(Harness.chunk("Hel"));
                    open.add(response);
                });
        try (var socket = harness.socket(stream())) {
            Harness.readUntil(socket.getInputStream(), "Hel");
        }
        await().until(() -> harness.admin("/metrics").body().contains("tollgate_drains_running 1"));
        assertThat(harness.records.all).isEmpty();
        harness.vertx.runOnContext(
                v -> {
                    open.getFirst().write(Harness.LAST_CHUNKS);
                    open.getFirst().end();
                });
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("aborted");
        assertThat(record.getString("cost_usd")).isEqualTo("0.00002");
        assertThat(harness.gate.settled.getFirst().assumed()).isFalse();
    }

    @Test
    void aProviderThatBillsOnAndFallsSilentIsChargedItsHold() throws IOException {
        stopsOnDisconnect = false;
        quietMillis = 3_000;
        start(request -> Harness.streamHead(request).write(Harness.chunk("Hel")));
        assertThat(rawStream()).contains("Hel").contains("\"error\"");
        assertThat(harness.record(1).getBoolean("cost_assumed")).isTrue();
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
        assertThat(settled.assumed()).isTrue();
    }

    /** It may have heard of the end of the connection, and not have ended it. */
    @Test
    void aProviderThatBillsOnAndWhoseStreamBreaksIsChargedItsHold() throws IOException {
        stopsOnDisconnect = false;
        start(
                request ->
                        Harness.streamHead(request)
                                .write(Harness.chunk("Hel"))
                                .onComplete(v -> request.connection().close()));
        assertThat(rawStream()).contains("Hel").contains("\"error\"");
        assertThat(harness.record(1).getString("outcome")).isEqualTo("truncated");
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
        assertThat(settled.assumed()).isTrue();
    }

    private static final String ERROR_EVENT =
            "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n";

    /** Its connection stays open. */
    private OpenGate.Settled billsOnAndSends(String event) throws IOException {
        stopsOnDisconnect = false;
        start(request -> Harness.streamHead(request).write(Harness.chunk("Hel") + event));
        assertThat(rawStream()).contains("Hel").contains("\"error\"");
        assertThat(harness.record(1).getString("outcome")).isEqualTo("truncated");
        return harness.gate.settled.getFirst();
    }

    private static void assertChargedAsSeen(OpenGate.Settled settled) {
        assertThat(settled.cost().nanos()).isPositive();
        assertThat(settled.claim().bound().isMoreThan(settled.cost())).isTrue();
        assertThat(settled.assumed()).isTrue();
    }

    @Test
    void aProviderThatBillsOnAndTellsOfItsErrorIsChargedWhatWasSeen() throws IOException {
        assertChargedAsSeen(billsOnAndSends(ERROR_EVENT));
    }

    /** Nobody knows what it goes on to write. */
    @Test
    void aProviderThatBillsOnAndCannotBeReadIsChargedItsHold() throws IOException {
        var settled = billsOnAndSends("data: {\"choices\":\n\n");
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
        assertThat(settled.assumed()).isTrue();
    }

    @Test
    void aProviderThatBillsOnAndTellsOfItsErrorToNobodyIsChargedWhatWasSeen() throws Exception {
        stopsOnDisconnect = false;
        var open = new CopyOnWriteArrayList<HttpServerResponse>();
        start(
                request -> {
                    var response = Harness.streamHead(request);
                    response.write(Harness.chunk("Hel"));
                    open.add(response);
                });
        try (var socket = harness.socket(stream())) {
            Harness.readUntil(socket.getInputStream(), "Hel");
        }
        awaitDrains(1);
        harness.vertx.runOnContext(v -> open.getFirst().write(ERROR_EVENT));
        assertThat(harness.record(1).getString("outcome")).isEqualTo("aborted");
        assertChargedAsSeen(harness.gate.settled.getFirst());
    }

    @Test
    void aClientThatLeavesOneCallMoreThanCanBeReadToTheEndIsChargedItsHold() throws Exception {
        quietMillis = 60_000;
        var open = new CopyOnWriteArrayList<HttpServerResponse>();
        start(request -> open.add(request.response()));
        for (int i = 1; i <= DrainPool.SIZE; i++) {
            askAndLeave(open, i);
        }
        awaitDrains(DrainPool.SIZE);
        assertThat(harness.gate.settled).isEmpty();
        askAndLeave(open, DrainPool.SIZE + 1);
        assertThat(harness.record(1).getString("outcome")).isEqualTo("aborted");
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
        assertThat(settled.assumed()).isTrue();
        awaitDrains(DrainPool.SIZE);
        harness.vertx.runOnContext(
                v -> open.subList(0, DrainPool.SIZE).forEach(r -> r.end(Harness.CHAT_ANSWER)));
        awaitDrains(0);
        await().until(() -> harness.gate.settled.size() == DrainPool.SIZE + 1);
    }

    private void askAndLeave(List<HttpServerResponse> open, int asked) throws IOException {
        try (var socket = harness.socket(Harness.chat("model-1", false))) {
            await().pollInterval(Duration.ofMillis(2)).until(() -> open.size() == asked);
            socket.getOutputStream().flush();
        }
    }

    private void awaitDrains(int running) {
        var line = "tollgate_drains_running " + running + "\n";
        await().until(() -> harness.admin("/metrics").body().contains(line));
    }

    @Test
    void aClientThatLeavesAPlainCallIsChargedItsExactCost() throws Exception {
        var open = new ArrayList<HttpServerResponse>();
        start(request -> open.add(request.response()));
        try (var socket = harness.socket(Harness.chat("model-1", false))) {
            await().until(() -> !open.isEmpty());
            socket.getOutputStream().flush();
        }
        await().until(() -> harness.admin("/metrics").body().contains("tollgate_drains_running 1"));
        harness.vertx.runOnContext(v -> open.getFirst().end(Harness.CHAT_ANSWER));
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("aborted");
        assertThat(record.getString("cost_usd")).isEqualTo("0.00002");
    }

    @Test
    void aClientThatDoesNotReadStopsTheProvider() throws Exception {
        var written = new AtomicLong();
        var piece = Harness.chunk("x".repeat(8_000));
        start(request -> pump(Harness.streamHead(request), piece, written));
        try (var socket = harness.socket(stream())) {
            Harness.readUntil(socket.getInputStream(), "xxxx");
            // buffers of four sockets and ours; without backpressure it would go on for ever
            var before = new long[] {-1};
            await().pollInterval(Duration.ofMillis(500))
                    .until(
                            () -> {
                                boolean still = before[0] == written.get();
                                before[0] = written.get();
                                return still;
                            });
            assertThat(written.get()).isLessThan(48L * 1024 * 1024);
        }
        await().until(() -> harness.records.all.size() == 1);
    }

    @Test
    void aClientThatStopsReadingAndLeavesIsChargedAllThatMayBeBilled() throws Exception {
        var flood = new Flood();
        start(flood);
        try (var socket = harness.socket(stream())) {
            Harness.readUntil(socket.getInputStream(), "200 OK");
            flood.awaitStandstill(harness);
        }
        await().until(() -> !harness.gate.settled.isEmpty());
        var settled = harness.gate.settled.getFirst();
        assertThat(settled.cost().nanos())
                .isBetween(flood.billNanos(), settled.claim().bound().nanos());
        assertThat(settled.assumed()).isTrue();
    }

    @Test
    void aClientThatLeavesAfterTheProxyStoodStillIsChargedAllThatMayBeBilled() throws Exception {
        var settled =
                whileTheProxyStandsStill(
                        "",
                        Harness.chunk("Hel"),
                        (client, provider) -> {
                            write(provider, Harness.chunk("x").repeat(500));
                            client.close();
                        });
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
        assertThat(settled.assumed()).isTrue();
    }

    @Test
    void whatWasReadToAnEarlyEndAfterTheProxyStoodStillIsChargedWhatWasReadOfIt() throws Exception {
        var settled =
                whileTheProxyStandsStill(
                        "transfer-encoding: chunked\r\n",
                        framed(Harness.chunk("Hel")),
                        (client, provider) ->
                                write(
                                        provider,
                                        framed(Harness.chunk("x").repeat(500)) + "0\r\n\r\n"));
        assertThat(settled.cost().nanos())
                .isBetween(503 * 2_000L, settled.claim().bound().nanos() / 2);
        assertThat(settled.assumed()).isTrue();
    }

    /** Who passes it on may have closed it because nobody read, and kept the rest. */
    @Test
    void anEndOfTheConnectionAloneProvesNothingAfterTheProxyStoodStill() throws Exception {
        var settled =
                whileTheProxyStandsStill(
                        "",
                        Harness.chunk("Hel"),
                        (client, provider) -> {
                            write(provider, Harness.chunk("x").repeat(500));
                            provider.close();
                        });
        assertThat(settled.cost()).isEqualTo(settled.claim().bound());
        assertThat(settled.assumed()).isTrue();
    }

    private static String framed(String piece) {
        return Integer.toHexString(piece.length()) + "\r\n" + piece + "\r\n";
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(UTF_8));
    }

    private interface Step {
        void run(Socket client, Socket provider) throws Exception;
    }

    /** How a stream is settled whose provider and client do this meanwhile. */
    private OpenGate.Settled whileTheProxyStandsStill(String header, String first, Step meanwhile)
            throws Exception {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var provider =
                    Snapshots.provider(
                            "a",
                            "openai-chat",
                            "http://127.0.0.1:" + listener.getLocalPort() + "/v1");
            harness.apply(
                    Snapshots.of(
                            List.of(provider),
                            List.of(
                                    Snapshots.chain(
                                            "model-1",
                                            Snapshots.retry(1, null),
                                            List.of(provider))),
                            List.of(Snapshots.budget("1000000")),
                            List.of(Harness.clientKey()),
                            List.of()));
            harness.start();
            try (var client = harness.socket(stream());
                    var called = listener.accept()) {
                write(
                        called,
                        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                                + header
                                + "\r\n"
                                + first);
                Harness.readUntil(client.getInputStream(), "Hel");
                standStill(client, called, meanwhile);
                await().until(() -> !harness.gate.settled.isEmpty());
            }
        }
        return harness.gate.settled.getFirst();
    }

    /** The proxy's event loop waits at the gate for longer than a guard of tokens is written. */
    private void standStill(Socket client, Socket provider, Step meanwhile) throws Exception {
        synchronized (harness.gate) {
            var waits =
                    harness.http.sendAsync(
                            harness.post("/v1/chat/completions", Harness.chat("model-1", false))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            await().until(() -> isBlocked());
            meanwhile.run(client, provider);
            long since = System.nanoTime();
            await().until(() -> System.nanoTime() - since > 2_500_000_000L);
            harness.gate.refusals.add(OpenGate.exhausted(Money.ZERO));
            assertThat(waits).isNotDone();
        }
    }

    private static boolean isBlocked() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(
                        thread ->
                                thread.getName().startsWith("vert.x-eventloop")
                                        && thread.getState() == Thread.State.BLOCKED);
    }

    private static void pump(HttpServerResponse response, String piece, AtomicLong written) {
        if (response.closed()) {
            return;
        }
        while (!response.writeQueueFull()) {
            response.write(piece);
            written.addAndGet(piece.length());
        }
        response.drainHandler(v -> pump(response, piece, written));
    }

    /** Everything up to the end of the connection. */
    private String rawStream() throws IOException {
        try (var socket = harness.socket(stream())) {
            var all = new StringBuilder();
            var in = socket.getInputStream();
            try {
                for (int b = in.read(); b >= 0; b = in.read()) {
                    all.append((char) b);
                }
            } catch (java.net.SocketException reset) {
                // as good as an end: the client sees that the answer is not whole
            }
            return all.toString();
        }
    }

    @Test
    void aStreamStaysOpenForTheNextRequest() {
        start(Harness.streams(Harness.chunk("Hello"), Harness.LAST_CHUNKS));
        HttpResponse<String> first = harness.chat(stream());
        HttpResponse<String> second = harness.chat(stream());
        assertThat(first.body()).isEqualTo(second.body());
    }
}
