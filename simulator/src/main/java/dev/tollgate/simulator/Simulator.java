package dev.tollgate.simulator;

import dev.tollgate.simulator.bill.Bill;
import dev.tollgate.simulator.bill.BilledCall;
import dev.tollgate.simulator.bill.Till;
import dev.tollgate.simulator.script.Script;
import dev.tollgate.simulator.script.Stage;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.util.List;

/**
 * A model provider over a real socket (HTTP/1.1, keep-alive) that behaves as its {@link Script}
 * says and keeps its own bill. It shares no code with the gateway, so it can be its referee.
 *
 * <p>All requests run on one event loop and never block it; the methods here may be called from any
 * thread. The same is offered over HTTP below {@code /_sim/}: see {@link ControlApi}.
 */
public final class Simulator {
    private static final int MAX_LINE_BYTES = 16 << 10;
    private static final int MAX_HEADER_BYTES = 64 << 10;

    private final HttpServer server;
    private final Stage stage;
    private final Till till = new Till();
    private final OpenCalls open = new OpenCalls();
    private final RequestLog log = new RequestLog();
    private final SimulatorOptions options;

    private Simulator(Vertx vertx, SimulatorOptions options) {
        this.options = options;
        this.stage = new Stage(options.script());
        var http =
                new HttpServerOptions()
                        .setHost(options.host())
                        .setPort(options.port())
                        .setHttp2ClearTextEnabled(false)
                        .setTcpNoDelay(true)
                        .setHandle100ContinueAutomatically(true)
                        .setMaxInitialLineLength(MAX_LINE_BYTES)
                        .setMaxHeaderSize(MAX_HEADER_BYTES);
        this.server = vertx.createHttpServer(http);
        var control = new ControlApi(this, options.dialect());
        var counter = new Counter(vertx, options.dialect(), stage, till, open, log, control);
        server.requestHandler(counter::receive);
    }

    /** Fails if the address cannot be bound. */
    public static Future<Simulator> start(Vertx vertx, SimulatorOptions options) {
        var simulator = new Simulator(vertx, options);
        return simulator.server.listen().map(simulator);
    }

    public int port() {
        return server.actualPort();
    }

    /** Scheme, host and port, without a path. */
    public String url() {
        return "http://" + options.host() + ":" + port();
    }

    public Bill bill() {
        return till.bill();
    }

    /** The calls on the bill, oldest first. */
    public List<BilledCall> calls() {
        return till.calls();
    }

    /** The calls that are not on it yet. */
    List<OpenCalls.OpenCall> open() {
        return open.list();
    }

    /** The newest requests that arrived, oldest first, those to {@code /_sim/} left out. */
    public List<ReceivedRequest> requests(int limit) {
        return log.last(limit);
    }

    public Script script() {
        return stage.script();
    }

    /** Replaces the script for requests that have not been decided; all counts begin again. */
    public void script(Script script) {
        script.checkFor(options.dialect());
        stage.play(script);
    }

    Stage stage() {
        return stage;
    }

    /** Forgets the bill and the requests; the script and its counts stay. */
    public void clear() {
        till.clear();
        log.clear();
    }

    /** Stops listening and drops every connection. */
    public Future<Void> close() {
        return server.close();
    }
}
