package dev.tollgate.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.tollgate.simulator.bill.BilledCall;
import dev.tollgate.simulator.bill.BilledCall.Outcome;
import dev.tollgate.simulator.bill.Tokens;
import dev.tollgate.simulator.script.Dialect;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The bill is what a provider would charge. */
class BillTest {
    @RegisterExtension static final RunningSimulators SIMULATORS = new RunningSimulators();

    private static final String PRICED =
            """
            prices: {m-1: {inputPer1M: "3", cachedInputPer1M: "0.30", outputPer1M: "15"}}
            default: {inputTokens: 1000, cachedTokens: 400, outputTokens: 50, chunks: 10}
            """;

    /** 600 * 3000 + 400 * 300 + 50 * 15000. */
    private static final long WHOLE = 2_670_000;

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void billsPlainAndStreamedCallsTheSame(Dialect dialect) throws Exception {
        var simulator = SIMULATORS.start(dialect, PRICED);
        for (var stream : new boolean[] {false, true}) {
            SIMULATORS.post(simulator, Bodies.path(dialect, stream), Bodies.ask(dialect, stream));
        }
        assertThat(simulator.calls())
                .extracting(BilledCall::nanos, BilledCall::outcome, BilledCall::tokens)
                .containsOnly(tuple(WHOLE, Outcome.COMPLETED, new Tokens(1000, 400, 0, 50, 0)));
        assertThat(simulator.bill().totalNanos()).isEqualTo(2 * WHOLE);
    }

    @Test
    void keepsKeysAndModelsApart() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, PRICED);
        for (var key : new String[] {"a", "b", "b"}) {
            var request =
                    HttpRequest.newBuilder(URI.create(simulator.url() + "/v1/chat/completions"))
                            .header("authorization", "Bearer " + key)
                            .POST(
                                    HttpRequest.BodyPublishers.ofString(
                                            Bodies.ask(Dialect.OPENAI, false)));
            SIMULATORS.send(request);
        }
        var free = Bodies.ask(Dialect.OPENAI, false).replace("m-1", "free");
        SIMULATORS.post(simulator, "/v1/chat/completions", free);
        assertThat(simulator.bill().entries())
                .extracting(
                        e -> e.model() + " " + e.requests() + " " + e.nanos() + " " + e.priced())
                .containsExactlyInAnyOrder(
                        "m-1 1 " + WHOLE + " true",
                        "m-1 2 " + 2 * WHOLE + " true",
                        "free 1 0 false");
    }

    @ParameterizedTest
    @CsvSource({"true, 20", "false, 50"})
    void billsACutStreamByTheScriptsRule(boolean stops, long output) throws Exception {
        var cut = "  cut: {at: afterChunks, chunks: 4}\n";
        var simulator =
                SIMULATORS.start(Dialect.ANTHROPIC, block(PRICED) + cut + "billingStops: " + stops);
        RawExchange.of(simulator, "/v1/messages", Bodies.ask(Dialect.ANTHROPIC, true));
        var call = simulator.calls().getFirst();
        assertThat(call.outcome()).isEqualTo(Outcome.BROKEN);
        assertThat(call.tokens()).isEqualTo(new Tokens(1000, 400, 0, output, 0));
        assertThat(call.nanos()).isEqualTo(600 * 3000 + 400 * 300 + output * 15_000);
    }

    /** The default as a block, so that a line can follow it. */
    private static String block(String script) {
        return script.replaceFirst("default: \\{(.*)}", "default:\n  $1")
                .replaceAll("(Tokens: \\d+), ", "$1\n  ");
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void billsAStreamThatTheClientLeft(boolean stops) throws Exception {
        var simulator =
                SIMULATORS.start(
                        Dialect.OPENAI, block(PRICED) + "  gapMs: 30000\nbillingStops: " + stops);
        try (var socket =
                RawExchange.send(
                        simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, true))) {
            var seen = new StringBuilder();
            var buffer = new byte[4096];
            while (!seen.toString().contains("Every")) {
                seen.append(new String(buffer, 0, socket.getInputStream().read(buffer)));
            }
            assertThat(simulator.calls()).isEmpty();
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> simulator.calls().size() == 1);
        var call = simulator.calls().getFirst();
        assertThat(call.outcome()).isEqualTo(Outcome.CANCELLED);
        assertThat(call.tokens().output()).isEqualTo(stops ? 5 : 50);
    }

    @ParameterizedTest
    @CsvSource({"nothing, 0, 0", "soFar, 1000, 20", "whole, 1000, 50"})
    void billsAsTold(String billed, long input, long output) throws Exception {
        var told = "  cut: {at: afterChunks, chunks: 4}\n  billed: " + billed;
        var simulator = SIMULATORS.start(Dialect.OPENAI, block(PRICED) + told);
        RawExchange.of(simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, true));
        assertThat(simulator.calls().getFirst().tokens().input()).isEqualTo(input);
        assertThat(simulator.calls().getFirst().tokens().output()).isEqualTo(output);
    }

    @Test
    void errorsBeforeInferenceCostNothing() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, block(PRICED) + "  error: {status: 500}");
        SIMULATORS.post(simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, true));
        assertThat(simulator.calls().getFirst().outcome()).isEqualTo(Outcome.REFUSED);
        assertThat(simulator.bill().totalNanos()).isZero();
    }

    @Test
    void callCarriesTheCallersTraceId() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, PRICED);
        var trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        var request =
                SIMULATORS
                        .request(simulator, "/v1/chat/completions")
                        .header("traceparent", "00-" + trace + "-00f067aa0ba902b7-01")
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        Bodies.ask(Dialect.OPENAI, false)));
        SIMULATORS.send(request);
        assertThat(simulator.calls().getFirst().traceId()).isEqualTo(trace);
    }

    @Test
    void countsAFourthOfThePromptsBytesByDefault() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        var body =
                """
                {"model":"m","messages":[{"role":"system","content":"12345678"},
                {"role":"user","content":[{"type":"text","text":"é"}]}]}""";
        SIMULATORS.post(simulator, "/v1/chat/completions", body);
        assertThat(simulator.calls().getFirst().tokens().input()).isEqualTo(3);
    }
}
