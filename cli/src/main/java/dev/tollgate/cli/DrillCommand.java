package dev.tollgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.crds.resource.DurationText;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Makes a provider of a running gateway fail on purpose, and tells whether its chain held. */
@Command(
        name = "drill",
        description =
                "Make a provider of a gateway on this machine fail on purpose for a while, and report"
                        + " whether other targets served its requests.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:requests met the drill, and all were served",
            "1:a request failed, or none met the drill",
            "2:bad usage, or no such provider or gateway"
        })
final class DrillCommand extends TollgateCommand {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

    @Option(
            names = "--provider",
            required = true,
            description = "ModelProvider, as NAMESPACE/NAME or NAME in namespace default.")
    String provider = "";

    @Option(
            names = "--for",
            defaultValue = "60s",
            description = "How long, at most 1h. Default: ${DEFAULT-VALUE}.")
    String length = "60s";

    @Option(
            names = "--admin",
            defaultValue = "http://127.0.0.1:9090",
            description = "Admin address of the gateway. Default: ${DEFAULT-VALUE}.")
    URI admin = URI.create("http://127.0.0.1:9090");

    private final HttpClient client = HttpClient.newHttpClient();

    @Override
    int run() throws IOException, InterruptedException {
        var key = provider.contains("/") ? provider : "default/" + provider;
        long seconds = seconds();
        var begun =
                ask(
                        HttpRequest.newBuilder(
                                        admin.resolve(
                                                "/drill?provider="
                                                        + URLEncoder.encode(
                                                                key, StandardCharsets.UTF_8)
                                                        + "&seconds="
                                                        + seconds))
                                .header("x-tollgate-drill", "begin")
                                .POST(HttpRequest.BodyPublishers.noBody()));
        var out = spec.commandLine().getOut();
        out.printf("%s fails on purpose for %d s%n", key, seconds);
        out.flush();
        var report = begun.path(key);
        while (report.path("seconds_left").asLong() > 0) {
            Thread.sleep(
                    Duration.ofSeconds(
                            Math.min(
                                    BETWEEN_LINES.toSeconds(),
                                    report.path("seconds_left").asLong())));
            report = ask(HttpRequest.newBuilder(admin.resolve("/drill"))).path(key);
            out.printf(
                    "%d s left: %d calls failed on purpose, %d requests served by others, %d"
                            + " failed%n",
                    report.path("seconds_left").asLong(),
                    report.path("calls").asLong(),
                    report.path("served").asLong(),
                    report.path("failed").asLong());
            out.flush();
        }
        return verdict(out, key, report);
    }

    private static int verdict(PrintWriter out, String key, JsonNode report) {
        if (report.path("failed").asLong() > 0) {
            out.printf("the chain did not hold: requests failed while %s did%n", key);
            return ExitCode.FAILED;
        }
        if (report.path("served").asLong() == 0) {
            out.printf("no request met the drill: nothing is shown%n");
            return ExitCode.FAILED;
        }
        out.printf("the chain held: other targets served every request%n");
        return ExitCode.OK;
    }

    private long seconds() {
        try {
            return Math.max(1, DurationText.parse(length).toSeconds());
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(
                    "--for " + length + ": expected a duration such as 60s or 5m");
        }
    }

    private JsonNode ask(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> answer;
        try {
            answer =
                    client.send(
                            request.timeout(BETWEEN_LINES).build(),
                            HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw CommandFailure.usage(admin + " does not answer: is a gateway running there?");
        }
        if (answer.statusCode() != 200) {
            throw CommandFailure.usage(answer.body().strip());
        }
        return JSON.readTree(answer.body());
    }
}
