package dev.tollgate.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tollgate.simulator.Simulator;
import dev.tollgate.simulator.SimulatorOptions;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Script;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import picocli.CommandLine.Command;

/**
 * A short working day of a gateway, for the JVM's ahead-of-time cache: started with {@code
 * -XX:AOTCacheOutput}, it leaves a cache of the classes that a gateway loads on its way to the
 * first answers, and of the profiles that its compiler needs: without those of streams, the first
 * stream has all that was compiled for whole answers thrown away. The {@code tollgate} script runs
 * it once after a build.
 */
@Command(
        name = "train",
        hidden = true,
        description = "Serves a few requests of its own and ends: for the ahead-of-time cache.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class TrainCommand extends TollgateCommand {

    /**
     * So many that the compiler is done with what serves requests: a gateway that starts with these
     * profiles compiles it once and with all it needs, for plain answers, streams and translated
     * ones alike. With a tenth of them it takes twice the time until it has its speed.
     */
    private static final int ROUNDS = 1000;

    private static final int CLIENTS = 16;

    /** Before the many: what is asked alone. */
    private static final int ALONE = 100;

    /** A slow machine ends earlier, with what it has learnt by then. */
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private static final String KEY = "train";

    private static final String RESOURCES =
            """
            {apiVersion: v1, kind: Secret, metadata: {name: key}, stringData: {api-key: simulated}}
            ---
            {apiVersion: v1, kind: Secret, metadata: {name: clients, labels: {tollgate.dev/type: client-key}},
              stringData: {client: "sha256:%s"}}
            ---
            {apiVersion: tollgate.dev/v1alpha1, kind: ModelProvider, metadata: {name: simulated}, spec: {
              type: OpenAI, endpoint: {url: "http://127.0.0.1:%d/v1"},
              auth: {type: APIKey, apiKey: {secretRef: {name: key}}},
              models: [{name: gpt-4o-mini, pricing: {inputPer1M: "0.15", outputPer1M: "0.60"}}]}}
            ---
            {apiVersion: tollgate.dev/v1alpha1, kind: RoutingPolicy, metadata: {name: route}, spec: {
              models: [fast], rules: [{name: all, targets: [
                {name: only, providerRef: {name: simulated}, model: gpt-4o-mini}]}]}}
            ---
            {apiVersion: tollgate.dev/v1alpha1, kind: Budget, metadata: {name: day}, spec: {
              amount: "100", period: {type: Day}}}
            """;

    @Override
    int run() throws Exception {
        var folder = Files.createTempDirectory("tollgate-train-");
        var vertx = Runtimes.vertx();
        try {
            var provider =
                    Until.ready(
                            Simulator.start(
                                    vertx,
                                    new SimulatorOptions(
                                            0, "127.0.0.1", Dialect.OPENAI, Script.parse("{}"))),
                            0);
            Files.writeString(
                    folder.resolve("resources.yaml"),
                    RESOURCES.formatted(HexFormat.of().formatHex(sha256()), provider.port()));
            return serve(folder).serve(gateway -> ask(gateway.port()));
        } finally {
            Until.closed(Future.succeededFuture(), vertx);
            Folders.delete(folder);
        }
    }

    /** As the command line gives it: its own way to the first answer is learnt too. */
    private static ServeCommand serve(Path folder) {
        var line =
                Main.commandLine(new Settings(Map.of()), "serve")
                        .parseArgs(
                                "serve",
                                folder.toString(),
                                "--port=0",
                                "--admin-port=0",
                                "--usage-log=none",
                                "--endpoint-policy=any",
                                "--data=" + folder.resolve("data"));
        return (ServeCommand) line.subcommand().commandSpec().userObject();
    }

    private static byte[] sha256() throws NoSuchAlgorithmException {
        return MessageDigest.getInstance("SHA-256").digest(KEY.getBytes(UTF_8));
    }

    private static void ask(int port) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            rounds(client, port, ALONE);
            var all =
                    Collections.nCopies(
                            CLIENTS, (Callable<Void>) () -> rounds(client, port, ROUNDS));
            for (var done : threads.invokeAll(all)) {
                done.get();
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private static Void rounds(HttpClient client, int port, int rounds)
            throws IOException, InterruptedException {
        long begun = System.nanoTime();
        for (int round = 0;
                round < rounds && System.nanoTime() - begun < LONGEST.toNanos();
                round++) {
            var messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
            post(client, port, "/v1/chat/completions", "{\"model\":\"fast\"," + messages);
            post(
                    client,
                    port,
                    "/v1/chat/completions",
                    "{\"model\":\"fast\",\"stream\":true," + messages);
            post(client, port, "/v1/messages", "{\"model\":\"fast\",\"max_tokens\":50," + messages);
        }
        return null;
    }

    private static void post(HttpClient client, int port, String path, String body)
            throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .header("Content-Type", "application/json")
                        .header("Authorization", "Bearer " + KEY)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
        var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw CommandFailure.failed(path + ": " + answer.statusCode() + " " + answer.body());
        }
    }
}
