package dev.tollgate.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.simulator.bill.BilledCall.Outcome;
import dev.tollgate.simulator.script.Dialect;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client that does not read holds up its own stream and nothing else. */
class BackpressureTest {
    @RegisterExtension static final RunningSimulators SIMULATORS = new RunningSimulators();

    private static final int CHUNKS = 100_000;

    @Test
    void waitsForAClientThatDoesNotRead() throws Exception {
        var simulator =
                SIMULATORS.start(
                        Dialect.OPENAI,
                        "rules: [{when: {stream: true}, do: {chunks: %d}}]".formatted(CHUNKS));
        var ask =
                "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
        try (var socket = RawExchange.send(simulator, "/v1/chat/completions", ask)) {
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            for (var i = 0; i < 50; i++) {
                SIMULATORS.post(
                        simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, false));
            }
            assertThat(simulator.calls()).hasSize(50);
            var rest = RawExchange.read(socket);
            assertThat(rest.endedProperly()).isTrue();
            assertThat(rest.chunks()).hasSize(CHUNKS + 4);
        }
        assertThat(simulator.calls()).hasSize(51);
        assertThat(simulator.calls().getLast().outcome()).isEqualTo(Outcome.COMPLETED);
    }

    @Test
    void billsEveryOneOfManyStreamsAtOnce() throws Exception {
        var simulator =
                SIMULATORS.start(
                        Dialect.ANTHROPIC,
                        "prices: {m-1: {inputPer1M: '1', outputPer1M: '1'}}\n"
                                + "default: {inputTokens: 1, chunks: 200}");
        List<Callable<RawExchange>> tasks = new ArrayList<>();
        for (var i = 0; i < 200; i++) {
            tasks.add(
                    () ->
                            RawExchange.of(
                                    simulator,
                                    "/v1/messages",
                                    Bodies.ask(Dialect.ANTHROPIC, true)));
        }
        try (var threads = Executors.newFixedThreadPool(16)) {
            for (Future<RawExchange> future : threads.invokeAll(tasks)) {
                assertThat(future.get().endedProperly()).isTrue();
            }
        }
        assertThat(simulator.bill().totalNanos()).isEqualTo(200 * 201 * 1000L);
        assertThat(simulator.calls().stream().map(c -> c.id()).distinct()).hasSize(200);
    }
}
