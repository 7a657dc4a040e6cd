package dev.tollgate.cli;

import dev.tollgate.simulator.Simulator;
import dev.tollgate.simulator.SimulatorOptions;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Script;
import dev.tollgate.simulator.script.ScriptException;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** One simulated provider, until it is told to stop. */
@Command(
        name = "simulator",
        description =
                "One simulated provider that behaves as its script says and keeps its own bill.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class SimulatorCommand extends TollgateCommand {

    @Option(
            names = "--port",
            converter = Port.class,
            defaultValue = "9101",
            description = "Port; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
    int port;

    @Option(
            names = "--host",
            defaultValue = "127.0.0.1",
            description = "Address to listen on. Default: ${DEFAULT-VALUE}.")
    String host = "127.0.0.1";

    @Option(
            names = "--dialect",
            defaultValue = "openai",
            description = "openai, anthropic or gemini. Default: ${DEFAULT-VALUE}.")
    Dialect dialect = Dialect.OPENAI;

    @Option(
            names = "--script",
            description =
                    "YAML or JSON file that says how it behaves. Default: it answers every call.")
    @Nullable Path script;

    @Override
    int run() throws IOException {
        var behaviour = readScript();
        var vertx = Runtimes.vertx();
        var simulator =
                Until.ready(
                        Simulator.start(
                                vertx, new SimulatorOptions(port, host, dialect, behaviour)),
                        port);
        LoggerFactory.getLogger(SimulatorCommand.class).info("listening port={}", simulator.port());
        Until.stopped();
        Until.closed(Future.succeededFuture(), vertx);
        return ExitCode.OK;
    }

    private Script readScript() throws IOException {
        if (script == null) {
            return Script.plain();
        }
        if (!Files.isReadable(script)) {
            throw CommandFailure.usage("--script: " + script + " cannot be read");
        }
        try {
            var parsed = Script.parse(Files.readString(script));
            parsed.checkFor(dialect);
            return parsed;
        } catch (ScriptException e) {
            throw CommandFailure.usage("--script: " + script + ": " + e.getMessage());
        }
    }
}
