package dev.tollgate.dataplane.exchange;

import static dev.tollgate.dataplane.exchange.Harness.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tollgate.dataplane.ProxyOptions;
import dev.tollgate.dataplane.telemetry.Invariant;
import dev.tollgate.dataplane.telemetry.Metrics;
import dev.tollgate.policy.price.Money;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What always holds of money is broken on purpose, and told. */
class AuditTest {

    private final Harness harness = new Harness();

    @AfterEach
    void close() {
        harness.close();
    }

    private void start(String url) {
        var provider =
                Snapshots.provider(
                        "a",
                        "openai-chat",
                        url + "/v1",
                        Snapshots.timeouts(Snapshots.PATIENT_MILLIS),
                        true);
        harness.apply(
                Snapshots.of(
                        List.of(provider),
                        List.of(
                                Snapshots.chain(
                                        "model-1", Snapshots.retry(3, null), List.of(provider))),
                        List.of(Snapshots.budget("1000000")),
                        List.of(Harness.clientKey()),
                        List.of()));
        harness.start();
    }

    private Harness.Upstream startWithUpstream() {
        var upstream = harness.upstream(answers(200, Harness.CHAT_ANSWER));
        start(upstream.url());
        return upstream;
    }

    private void expect(Invariant invariant, long times) {
        harness.violations.put(invariant, times);
    }

    private String metric(Invariant invariant) {
        return harness.admin("/metrics")
                .body()
                .lines()
                .filter(
                        line ->
                                line.startsWith(
                                        "tollgate_invariant_violations_total{invariant=\""
                                                + invariant
                                                + "\"} "))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noByteGoesOutUnderAHoldThatDoesNotCount(boolean stream) {
        expect(Invariant.I6, 1);
        var bytes = new AtomicInteger();
        var connections = new AtomicInteger();
        var provider =
                harness.vertx
                        .createNetServer()
                        .connectHandler(
                                socket -> {
                                    connections.incrementAndGet();
                                    socket.handler(some -> bytes.addAndGet(some.length()));
                                });
        var port = Harness.get(provider.listen(0, "127.0.0.1")).actualPort();
        start("http://127.0.0.1:" + port);
        harness.gate.uncounted = claim -> true;

        var answer = harness.chat(Harness.chat("model-1", stream));

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(new JsonObject(answer.body()).getJsonObject("error").getString("code"))
                .isEqualTo("internal_error");
        var record = harness.record(1);
        assertThat(record.getString("outcome")).isEqualTo("internal_error");
        assertThat(record.getString("cost_usd")).isEqualTo("0");
        assertThat(harness.gate.claims).as("no other attempt").hasSize(1);
        assertThat(harness.gate.open.get()).isZero();
        await("it was about to be sent").until(() -> connections.get() == 1);
        assertThat(bytes.get()).isZero();
        assertThat(metric(Invariant.I6)).endsWith(" 1");
        assertThat(metric(Invariant.I9)).endsWith(" 0");
    }

    @Test
    void theConnectionOfACallThatMustNotGoOutIsFreeForTheNext() {
        expect(Invariant.I6, 3);
        harness.options = withOneConnection(harness.options);
        var upstream = startWithUpstream();
        harness.gate.uncounted = claim -> true;
        for (int i = 0; i < 3; i++) {
            assertThat(harness.chat(Harness.chat("model-1", false)).statusCode()).isEqualTo(500);
        }
        assertThat(upstream.seen).isEmpty();
        harness.gate.uncounted = claim -> false;
        assertThat(harness.chat(Harness.chat("model-1", false)).statusCode()).isEqualTo(200);
        assertThat(upstream.seen).hasSize(1);
    }

    private static ProxyOptions withOneConnection(ProxyOptions o) {
        return new ProxyOptions(
                o.host(),
                o.port(),
                o.adminHost(),
                o.adminPort(),
                o.eventLoops(),
                o.usageLog(),
                o.anonymousNamespace(),
                o.otlpEndpoint(),
                o.otlpSpans(),
                o.otlpRecords(),
                o.sampleRatio(),
                o.resourceAttributes(),
                1,
                o.maxConnections(),
                o.closeLag(),
                o.closeGrace(),
                o.exchange(),
                o.valkey());
    }

    @Test
    void aCallThatIsNotSettledIsToldAtOnceAndItsHoldWhenNothingRunsAnyMore() {
        expect(Invariant.I9, 1);
        expect(Invariant.I11, 1);
        startWithUpstream();
        harness.gate.bug.set("leak");

        assertThat(harness.chat(Harness.chat("model-1", false)).statusCode()).isEqualTo(200);

        harness.record(1);
        await().until(() -> metric(Invariant.I9).endsWith(" 1"));
        await().until(() -> metric(Invariant.I11).endsWith(" 1"));
        assertThat(harness.gate.open.get()).as("it stays held").isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCallThatIsChargedLessThanItsProviderToldIsTold(boolean stream) {
        expect(Invariant.I8, 1);
        var upstream =
                stream
                        ? harness.upstream(
                                Harness.streams(Harness.chunk("Hello"), Harness.LAST_CHUNKS))
                        : harness.upstream(answers(200, Harness.CHAT_ANSWER));
        start(upstream.url());
        assertThat(harness.chat(Harness.chat("model-1", stream)).statusCode()).isEqualTo(200);
        harness.record(1);
        assertThat(metric(Invariant.I8)).endsWith(" 0");

        harness.gate.bug.set("undercharge");
        assertThat(harness.chat(Harness.chat("model-1", stream)).statusCode()).isEqualTo(200);
        harness.record(2);
        await().until(() -> metric(Invariant.I8).endsWith(" 1"));
    }

    @Test
    void aRequestWithoutItsUsageRecordIsTold() {
        expect(Invariant.I9, 1);
        startWithUpstream();
        harness.records.bug.set(true);
        assertThat(harness.chat(Harness.chat("model-1", false)).statusCode()).isEqualTo(200);
        await().until(() -> metric(Invariant.I9).endsWith(" 1"));
        assertThat(harness.records.all).isEmpty();
        assertThat(harness.chat(Harness.chat("model-1", false)).statusCode()).isEqualTo(200);
        harness.record(1);
    }

    private static LoopParts parts(Metrics metrics) {
        return new LoopParts(
                null, null, null, null, null, null, null, null, null, null, null, null, null, null,
                metrics, null, null, null, null);
    }

    @Test
    void aCallThatGoesOutAfterTheRecordOrIsSettledTwiceOrARecordThatIsThereTwiceIsTold() {
        var metrics = new Metrics();
        var gate = new OpenGate();
        var tally = new Tally("r", 0, 0);
        var reservation = gate.held();
        Audit.goesOut(parts(metrics), tally, reservation);
        assertThatThrownBy(() -> Audit.goesOut(parts(metrics), tally, null))
                .hasMessageStartingWith("I6: ");
        assertThat(metrics.violations(Invariant.I6)).isEqualTo(1);
        reservation.settle(Money.ZERO, false);
        Audit.settled(parts(metrics), tally, reservation, Money.ZERO);
        tally.records++;
        Audit.over(parts(metrics), tally);
        assertThat(metrics.violations(Invariant.I9)).isZero();

        assertThatThrownBy(() -> Audit.goesOut(parts(metrics), tally, gate.held()))
                .hasMessageStartingWith("I9: ");
        assertThat(metrics.violations(Invariant.I9)).isEqualTo(1);
        assertThat(tally.sent).isEqualTo(1);
        Audit.settled(parts(metrics), tally, reservation, Money.ZERO);
        Audit.over(parts(metrics), tally);
        assertThat(metrics.violations(Invariant.I9)).isEqualTo(2);
        tally.settled--;
        tally.records++;
        Audit.over(parts(metrics), tally);
        assertThat(metrics.violations(Invariant.I9)).isEqualTo(3);
    }

    @Test
    void whatIsChargedIsNoLessThanWhatWasTold() {
        var metrics = new Metrics();
        var reservation = new OpenGate().held();
        Audit.settled(parts(metrics), new Tally("r", 0, 0), reservation, Money.parse("1"));
        assertThat(metrics.violations(Invariant.I8)).as("it is not settled").isZero();
        reservation.settle(Money.parse("0.5"), false);
        for (var told : List.of("0.499999999", "0.5", "0.500000001")) {
            Audit.settled(parts(metrics), new Tally("r", 0, 0), reservation, Money.parse(told));
        }
        assertThat(metrics.violations(Invariant.I8)).isEqualTo(1);
    }

    @Test
    void aReservationThatIsSettledTwiceIsTold() {
        expect(Invariant.I4, 2);
        startWithUpstream();
        assertThat(metric(Invariant.I4)).endsWith(" 0");
        harness.gate.secondSettles.set(2);
        assertThat(metric(Invariant.I4)).endsWith(" 2");
    }
}
