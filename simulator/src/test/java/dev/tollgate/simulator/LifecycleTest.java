package dev.tollgate.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tollgate.simulator.bill.BilledCall.Outcome;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Script;
import io.vertx.core.Vertx;
import java.net.BindException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A simulator starts, or says why not, and stops at once. */
class LifecycleTest {
    private static final Vertx VERTX = Vertx.vertx();

    @AfterAll
    static void close() throws Exception {
        VERTX.close().await(60, TimeUnit.SECONDS);
    }

    private static Simulator start(SimulatorOptions options) throws Exception {
        return Simulator.start(VERTX, options).await(60, TimeUnit.SECONDS);
    }

    @Test
    void failsToStartOnAPortThatIsTaken() throws Exception {
        var first = start(SimulatorOptions.local(Dialect.OPENAI, Script.plain()));
        var same = new SimulatorOptions(first.port(), "127.0.0.1", Dialect.GEMINI, Script.plain());
        assertThatThrownBy(() -> start(same)).isInstanceOf(BindException.class);
        first.close().await(60, TimeUnit.SECONDS);
        // the selector lets go of a closed socket a moment later
        var second =
                await().atMost(Duration.ofSeconds(60))
                        .ignoreExceptionsInstanceOf(BindException.class)
                        .until(() -> start(same), s -> s.port() == first.port());
        second.close().await(60, TimeUnit.SECONDS);
    }

    @Test
    void closesAtOnceThoughARequestHangs() throws Exception {
        var script = Script.parse("default: {hang: {at: afterHeaders}}");
        var simulator = start(SimulatorOptions.local(Dialect.OPENAI, script));
        try (var socket =
                RawExchange.send(
                        simulator, "/v1/chat/completions", Bodies.ask(Dialect.OPENAI, true))) {
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            simulator.close().await(30, TimeUnit.SECONDS);
            assertThat(RawExchange.read(socket).endedProperly()).isFalse();
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> simulator.calls().size() == 1);
        assertThat(simulator.calls().getFirst().outcome()).isEqualTo(Outcome.CANCELLED);
    }
}
