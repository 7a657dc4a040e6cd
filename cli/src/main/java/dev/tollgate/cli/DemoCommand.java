package dev.tollgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dataplane.ProxyOptions;
import dev.tollgate.dataplane.standalone.FolderSettings;
import dev.tollgate.dataplane.standalone.Standalone;
import dev.tollgate.dataplane.wal.Interrupted;
import dev.tollgate.dataplane.wal.UsageLog;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.simulator.Simulator;
import dev.tollgate.simulator.SimulatorOptions;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Script;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The main job with nothing set up: three simulated providers and a standalone gateway on
 * examples/demo, in this process, until Ctrl-C.
 */
@Command(
        name = "demo",
        description =
                "Three simulated providers and a gateway on examples/demo, with curl lines to try.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class DemoCommand extends TollgateCommand {

    private static final String TEAM = "demo";

    /** The ports that examples/demo names. */
    private static final Map<Dialect, Integer> PROVIDERS =
            Map.of(Dialect.OPENAI, 9101, Dialect.ANTHROPIC, 9102, Dialect.GEMINI, 9103);

    private static final String SCRIPT =
            """
            billingStops: true
            prices:
              gpt-4o-mini: {inputPer1M: "0.15", cachedInputPer1M: "0.075", outputPer1M: "0.60"}
              claude-haiku-4-5: {inputPer1M: "1.00", outputPer1M: "5.00"}
              gemini-2.5-flash: {inputPer1M: "0.30", outputPer1M: "2.50"}
            default: {latencyMs: 200, gapMs: 25}
            """;

    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(
            names = "--port",
            converter = Port.class,
            defaultValue = "8080",
            description = "Port of the gateway; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
    int port;

    @Option(
            names = "--admin-port",
            converter = Port.class,
            defaultValue = "9090",
            description =
                    "Port of the page and the metrics; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
    int adminPort;

    @Option(names = "--no-browser", description = "Do not open the page in a browser.")
    boolean noBrowser;

    @Override
    int run() throws Exception {
        var folder = Home.examples().resolve("demo");
        var data = Files.createTempDirectory("tollgate-demo-");
        var key = ClientKey.random();
        var vertx = Runtimes.vertx();
        try {
            startProviders(vertx);
            var settings =
                    new FolderSettings(
                            folder,
                            "tollgate-system",
                            SettingsEntry.EndpointPolicy.ANY,
                            SettingsEntry.Unbudgeted.ALLOW,
                            name -> value(name, key));
            var out = spec.commandLine().getOut();
            var options = options();
            var gateway =
                    Until.ready(
                            Standalone.start(
                                    () -> vertx,
                                    options,
                                    settings,
                                    data,
                                    log -> new Shown(log, out)),
                            options.port());
            introduce(out, gateway, key);
            gateway.watch();
            Until.stopped();
            Until.closed(gateway.close(), vertx);
        } finally {
            Folders.delete(data);
        }
        return ExitCode.OK;
    }

    private ProxyOptions options() {
        var proxy = new ProxyFlags();
        proxy.port = port;
        proxy.adminPort = adminPort;
        proxy.usageLog = "none";
        return proxy.options(TEAM);
    }

    /** Usage records on their way to the log, shown as they pass. */
    private record Shown(UsageLog log, PrintWriter out) implements UsageLog {
        @Override
        public boolean append(String requestId, byte[] usageRecord) {
            show(out, usageRecord);
            return log.append(requestId, usageRecord);
        }

        @Override
        public List<Interrupted> interrupted() {
            return log.interrupted();
        }

        @Override
        public List<byte[]> recent(int most) {
            return log.recent(most);
        }
    }

    private static void startProviders(Vertx vertx) {
        for (var provider : PROVIDERS.entrySet()) {
            var options =
                    new SimulatorOptions(
                            provider.getValue(),
                            "127.0.0.1",
                            provider.getKey(),
                            Script.parse(SCRIPT));
            Until.ready(
                    Simulator.start(vertx, options),
                    provider.getValue(),
                    "examples/demo has a simulated provider there, so end what listens on it");
        }
    }

    private static Optional<String> value(String name, ClientKey key) {
        return name.equals("env:TOLLGATE_DEMO_KEY_HASH")
                ? Optional.of(key.hash())
                : Optional.empty();
    }

    private void introduce(PrintWriter out, Standalone gateway, ClientKey key) {
        var base = "http://127.0.0.1:" + gateway.port();
        out.printf(
                """

                Tollgate serves examples/demo at %1$s for the team "demo", with three simulated providers behind it.
                The page: http://127.0.0.1:%2$d/

                OpenAI shape (model "fast": gpt-4o-mini, then claude-haiku-4-5, then gemini-2.5-flash):
                  curl -N %1$s/v1/chat/completions -H 'Authorization: Bearer %3$s' -H 'Content-Type: application/json' -d '{"model":"fast","stream":true,"messages":[{"role":"user","content":"Hello"}]}'

                Anthropic shape:
                  curl %1$s/v1/messages -H 'x-api-key: %3$s' -H 'anthropic-version: 2023-06-01' -H 'Content-Type: application/json' -d '{"model":"fast","max_tokens":100,"messages":[{"role":"user","content":"Hello"}]}'

                Gemini shape:
                  curl %1$s/v1beta/models/gemini-2.5-flash:generateContent -H 'x-goog-api-key: %3$s' -H 'Content-Type: application/json' -d '{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}'

                Make the first provider fail, and ask again:
                  curl -X POST 'http://127.0.0.1:9101/_sim/fail?status=500'

                Requests (Ctrl-C ends all of it):
                """,
                base, gateway.adminPort(), key.value());
        out.flush();
        if (!noBrowser) {
            Browser.open("http://127.0.0.1:" + gateway.adminPort() + "/");
        }
    }

    /** One usage record as a line for people. */
    private static void show(PrintWriter out, byte[] record) {
        JsonNode json;
        try {
            json = JSON.readTree(record);
        } catch (IOException e) {
            throw new IllegalStateException("a usage record that is no JSON", e);
        }
        List<String> tried = new ArrayList<>();
        json.path("attempts")
                .forEach(
                        attempt ->
                                tried.add(
                                        attempt.path("provider").asText()
                                                + (attempt.path("outcome").asText().equals("ok")
                                                        ? ""
                                                        : " " + attempt.path("outcome").asText())));
        out.printf(
                "%s  %s  %-18s %s  %s  in %d out %d  $%s  %d ms%n",
                json.path("time").asText().substring(11, 19),
                json.path("client_dialect").asText(),
                json.path("model_requested").asText(),
                json.path("status").asText() + " " + json.path("outcome").asText(),
                String.join(" > ", tried),
                json.path("input_tokens").asLong(),
                json.path("output_tokens").asLong(),
                json.path("cost_usd").asText(),
                json.path("latency_ms").asLong());
        out.flush();
    }
}
