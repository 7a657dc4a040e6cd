package dev.tollgate.simulator;

import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Script;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.ArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Chunks a second over loopback with no gap, client and simulator in one process: run its main. */
final class StreamBenchmark {
    private static final int CHUNKS = 100_000;
    private static final int ROUNDS = 3;

    private StreamBenchmark() {}

    public static void main(String[] args) throws Exception {
        var vertx = Vertx.vertx();
        for (var dialect : Dialect.values()) {
            var script = Script.parse("default: {chunks: " + CHUNKS + "}");
            var simulator =
                    Simulator.start(vertx, SimulatorOptions.local(dialect, script))
                            .await(10, TimeUnit.SECONDS);
            for (var streams : new int[] {1, 8}) {
                for (var round = 1; round <= ROUNDS; round++) {
                    var began = System.nanoTime();
                    run(simulator, dialect, streams);
                    var rate =
                            (long) streams * CHUNKS * 1_000_000_000L / (System.nanoTime() - began);
                    System.out.printf(
                            "%s streams=%d round=%d chunks/s=%d%n", dialect, streams, round, rate);
                }
            }
            simulator.close().await(10, TimeUnit.SECONDS);
        }
        vertx.close().await(10, TimeUnit.SECONDS);
    }

    private static void run(Simulator simulator, Dialect dialect, int streams) throws Exception {
        var body = Bodies.ask(dialect, true, 1_000_000);
        try (var threads = Executors.newFixedThreadPool(streams)) {
            var futures = new ArrayList<Future<Long>>();
            for (var i = 0; i < streams; i++) {
                futures.add(threads.submit(() -> read(simulator, dialect, body)));
            }
            for (var future : futures) {
                if (future.get() < CHUNKS) {
                    throw new IllegalStateException("events: " + future.get());
                }
            }
        }
    }

    /** Counts the ends of events. */
    private static long read(Simulator simulator, Dialect dialect, String body) throws IOException {
        var events = 0L;
        var previous = (byte) 0;
        var buffer = new byte[64 << 10];
        try (var socket = RawExchange.send(simulator, Bodies.path(dialect, true), body)) {
            var in = socket.getInputStream();
            for (var n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                for (var i = 0; i < n; i++) {
                    if (previous == '}' && (buffer[i] == '\n' || buffer[i] == '\r')) {
                        events++;
                    }
                    previous = buffer[i];
                }
            }
        }
        return events;
    }
}
