package dev.tollgate.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.KeyHash;
import java.io.IOException;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A running simulator is steered and read over HTTP. */
class ControlApiTest {
    @RegisterExtension static final RunningSimulators SIMULATORS = new RunningSimulators();

    private static int ask(Simulator simulator) throws IOException, InterruptedException {
        return SIMULATORS
                .post(simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, false))
                .statusCode();
    }

    @Test
    void replacesTheScriptAndShowsIt() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        var script = "rules: [{when: {nth: 2}, do: {error: {status: 503}}}]\nkeys: [sk-test-1]";
        assertThat(SIMULATORS.post(simulator, "/_sim/script", script).statusCode()).isEqualTo(200);
        assertThat(ask(simulator)).isEqualTo(200);
        assertThat(ask(simulator)).isEqualTo(503);
        var shown = SIMULATORS.get(simulator, "/_sim/script").body();
        assertThat(shown).contains("\"status\":503").doesNotContain("sk-test-1");
        assertThat(SIMULATORS.post(simulator, "/_sim/script", shown).body()).isEqualTo(shown);
        assertThat(ask(simulator)).isEqualTo(200);
        assertThat(ask(simulator)).isEqualTo(503);
    }

    @Test
    void keepsTheOldScriptIfTheNewOneIsRefused() throws Exception {
        var simulator = SIMULATORS.start(Dialect.ANTHROPIC, "models: [a]");
        for (var bad : new String[] {"modelz: [b]", "default: {interleaveToolCalls: true}"}) {
            var response = SIMULATORS.post(simulator, "/_sim/script", bad);
            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(Bodies.json(response.body()).path("error").asText()).isNotEmpty();
        }
        assertThat(simulator.script().models()).containsExactly("a");
    }

    @Test
    void failsOnRequest() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        var path = "/_sim/fail?status=429&times=2&retryAfter=9";
        assertThat(SIMULATORS.post(simulator, path, "").statusCode()).isEqualTo(200);
        assertThat(ask(simulator)).isEqualTo(429);
        assertThat(ask(simulator)).isEqualTo(429);
        assertThat(ask(simulator)).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/_sim/fail",
                "/_sim/fail?status=200",
                "/_sim/fail?status=x",
                "/_sim/fail?status=500&times=0"
            })
    void refusesAFailureThatHasNoMeaning(String path) throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        assertThat(SIMULATORS.post(simulator, path, "").statusCode()).isEqualTo(400);
        assertThat(ask(simulator)).isEqualTo(200);
    }

    @Test
    void givesBillAndCalls() throws Exception {
        var simulator =
                SIMULATORS.start(
                        Dialect.OPENAI,
                        "prices: {m-1: {inputPer1M: '1', outputPer1M: '2'}}\n"
                                + "default: {inputTokens: 10, outputTokens: 5}");
        ask(simulator);
        ask(simulator);
        var bill = Bodies.json(SIMULATORS.get(simulator, "/_sim/bill").body());
        assertThat(bill.path("totalNanos").asLong()).isEqualTo(40_000);
        assertThat(bill.path("dialect").asText()).isEqualTo("openai");
        assertThat(bill.at("/entries/0/tokens/input").asLong()).isEqualTo(20);
        assertThat(bill.at("/entries/0/key").asText())
                .isEqualTo(KeyHash.ofKey(RunningSimulators.KEY).label());
        var calls = Bodies.json(SIMULATORS.get(simulator, "/_sim/calls?limit=1").body());
        assertThat(calls).hasSize(1);
        assertThat(calls.at("/0/nanos").asLong()).isEqualTo(20_000);
        assertThat(calls.at("/0/seq").asLong()).isEqualTo(2);
        SIMULATORS.post(simulator, "/_sim/clear", "");
        assertThat(simulator.bill().totalNanos()).isZero();
        assertThat(simulator.calls()).isEmpty();
    }

    @Test
    void tellsHowFarACallIsThatIsNotOnTheBillYet() throws Exception {
        var script = "default: {chunks: 4, hang: {at: afterChunks, chunks: 2}}";
        var simulator = SIMULATORS.start(Dialect.OPENAI, script);
        var body = Bodies.ask(Dialect.OPENAI, true);
        try (var called = RawExchange.send(simulator, "/v1/chat/completions", body)) {
            assertThat(called.isConnected()).isTrue();
            await().until(() -> open(simulator).at("/0/chunks").asInt() == 2);
            assertThat(open(simulator)).hasSize(1);
            assertThat(simulator.calls()).isEmpty();
        }
        await().until(() -> open(simulator).isEmpty());
        assertThat(simulator.calls()).hasSize(1);
    }

    private static JsonNode open(Simulator simulator) throws IOException, InterruptedException {
        return Bodies.json(SIMULATORS.get(simulator, "/_sim/open").body());
    }

    @Test
    void showsWhatArrivedWithoutKeys() throws Exception {
        var simulator = SIMULATORS.start(Dialect.GEMINI, "");
        var body = Bodies.ask(Dialect.GEMINI, false);
        var request =
                SIMULATORS
                        .request(simulator, "/v1beta/models/m-1:generateContent?key=hidden-1&a=b")
                        .header("x-goog-api-key", "hidden-2")
                        .header("x-extra", "seen")
                        .POST(HttpRequest.BodyPublishers.ofString(body));
        SIMULATORS.send(request);
        var text = SIMULATORS.get(simulator, "/_sim/requests?limit=5").body();
        assertThat(text).doesNotContain("hidden").doesNotContain(RunningSimulators.KEY);
        var arrived = Bodies.json(text);
        assertThat(arrived).hasSize(1);
        assertThat(arrived.at("/0/body").asText()).isEqualTo(body);
        assertThat(arrived.at("/0/path").asText()).isEqualTo("/v1beta/models/m-1:generateContent");
        assertThat(arrived.at("/0/query").asText())
                .isEqualTo("key=" + KeyHash.ofKey("hidden-1").label() + "&a=b");
        assertThat(arrived.at("/0/headers/x-extra").asText()).isEqualTo("seen");
        assertThat(arrived.at("/0/headers/x-goog-api-key").asText())
                .isEqualTo(KeyHash.ofKey("hidden-2").label());
        assertThat(arrived.at("/0/headers/authorization").asText())
                .isEqualTo("Bearer " + KeyHash.ofKey(RunningSimulators.KEY).label());
    }

    @Test
    void knowsNoOtherControl() throws Exception {
        var simulator = SIMULATORS.start(Dialect.OPENAI, "");
        assertThat(SIMULATORS.get(simulator, "/_sim/other").statusCode()).isEqualTo(404);
    }
}
