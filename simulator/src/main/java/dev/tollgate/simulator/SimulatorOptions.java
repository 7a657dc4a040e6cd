package dev.tollgate.simulator;

import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Script;

/** Where a simulated provider listens (port 0 takes a free one) and how it begins. */
public record SimulatorOptions(int port, String host, Dialect dialect, Script script) {
    public SimulatorOptions {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0 to 65535)");
        }
        script.checkFor(dialect);
    }

    /** On a free port of the loopback interface. */
    public static SimulatorOptions local(Dialect dialect, Script script) {
        return new SimulatorOptions(0, "127.0.0.1", dialect, script);
    }
}
