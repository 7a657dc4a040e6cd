package dev.tollgate.cli;

import dev.tollgate.dataplane.standalone.FolderSettings;
import dev.tollgate.dataplane.standalone.SecretSources;
import dev.tollgate.dataplane.standalone.Standalone;
import dev.tollgate.policy.snapshot.SettingsEntry;
import dev.tollgate.simulator.Simulator;
import dev.tollgate.simulator.SimulatorOptions;
import dev.tollgate.simulator.script.Dialect;
import dev.tollgate.simulator.script.Script;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
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
     * So many that the cache's profiles know plain answers, streams and translated ones alike,
     * alone and many at a time.
     */
    private static final int ROUNDS = 100;

    private static final int CLIENTS = 8;

    private static final String RESOURCES =
            """
            {apiVersion: v1, kind: Secret, metadata: {name: key}, stringData: {api-key: simulated}}
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
                    folder.resolve("resources.yaml"), RESOURCES.formatted(provider.port()));
            var gateway = Until.ready(start(vertx, folder), 0);
            ask(gateway.port());
            Until.closed(gateway.close(), vertx);
        } finally {
            Folders.delete(folder);
        }
        return ExitCode.OK;
    }

    private static Future<Standalone> start(Vertx vertx, Path folder) throws IOException {
        var proxy = new ProxyFlags();
        proxy.usageLog = "none";
        var options = proxy.options("default");
        var settings =
                new FolderSettings(
                        folder,
                        "tollgate-system",
                        SettingsEntry.EndpointPolicy.ANY,
                        SettingsEntry.Unbudgeted.ALLOW,
                        new SecretSources(folder, Map.of()));
        return Standalone.start(
                () -> vertx, options, settings, folder.resolve("data"), UnaryOperator.identity());
    }

    private static void ask(int port) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            rounds(client, port);
            var all = Collections.nCopies(CLIENTS, (Callable<Void>) () -> rounds(client, port));
            for (var done : threads.invokeAll(all)) {
                done.get();
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private static Void rounds(HttpClient client, int port)
            throws IOException, InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
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
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
        var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw CommandFailure.failed(path + ": " + answer.statusCode() + " " + answer.body());
        }
    }
}
