package dev.tollgate.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@code ./tollgate demo} as somebody uses it who has never seen it: by what it prints. */
class DemoE2E {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CALLERS = 60;

    @Test
    void doesWhatItsPrintedLinesPromise() throws Exception {
        try (var demo =
                TollgateProcess.start("demo", "--port=0", "--admin-port=0", "--no-browser")) {
            var commands = commands(demo);
            assertThat(run(commands.get(0)))
                    .contains("chat.completion.chunk")
                    .endsWith("data: [DONE]\n\n");
            var message = JSON.readTree(run(commands.get(1)));
            assertThat(message.get("type").asText()).isEqualTo("message");
            assertThat(message.get("content").get(0).get("text").asText()).isNotBlank();
            assertThat(JSON.readTree(run(commands.get(2))).get("candidates")).isNotEmpty();

            run(commands.get(3));
            assertThat(run(commands.get(0))).endsWith("data: [DONE]\n\n");
            await().untilAsserted(
                            () ->
                                    assertThat(demo.out())
                                            .anyMatch(
                                                    line ->
                                                            line.contains(
                                                                    "openai server_error >"
                                                                            + " anthropic")));

            assertThat(statusesOfManyAtOnce(commands.get(1))).contains(200).contains(429);

            demo.terminate();
            assertThat(demo.awaitExit(Duration.ofSeconds(90))).isZero();
        }
    }

    private static List<String> commands(TollgateProcess demo) {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> demo.out().stream().anyMatch(line -> line.contains("Ctrl-C")));
        var commands =
                demo.out().stream().map(String::strip).filter(l -> l.startsWith("curl ")).toList();
        assertThat(commands).hasSize(4);
        return commands;
    }

    private static String run(String command) throws Exception {
        var process =
                new ProcessBuilder("bash", "-c", command.replaceFirst("^curl ", "curl -sS "))
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    /** Each may cost 20 cents and more, slowly: more than the day's five dollars are asked for. */
    private static List<Integer> statusesOfManyAtOnce(String anthropicCommand) throws Exception {
        var words = anthropicCommand.split("'?\\s'?");
        var url = words[1];
        var key = anthropicCommand.replaceAll(".*x-api-key: ([^']+)'.*", "$1");
        // in its default settings it offers HTTP/2 with every request
        try (var http = HttpClient.newHttpClient();
                var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            send(
                    http,
                    request(
                            "http://127.0.0.1:9102/_sim/script",
                            "none",
                            "default: {chunks: 8, gapMs: 400}"));
            var body =
                    "{\"model\":\"claude-haiku-4-5\",\"stream\":true,\"max_tokens\":40000,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
            var calls = new ArrayList<Callable<HttpResponse<String>>>();
            for (int i = 0; i < CALLERS; i++) {
                calls.add(() -> send(http, request(url, key, body)));
            }
            var statuses = new ArrayList<Integer>();
            for (var call : callers.invokeAll(calls)) {
                var answer = call.get();
                statuses.add(answer.statusCode());
                assertThat(answer.statusCode()).as(answer.body()).isIn(200, 429);
                if (answer.statusCode() == 429) {
                    assertThat(answer.body()).contains("demo/daily").contains("\"error\"");
                    assertThat(answer.headers().firstValue("retry-after")).isPresent();
                }
            }
            return statuses;
        }
    }

    private static HttpRequest request(String url, String key, String body) {
        return HttpRequest.newBuilder(URI.create(url))
                .header("x-api-key", key)
                .header("anthropic-version", "2023-06-01")
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private static HttpResponse<String> send(HttpClient http, HttpRequest request)
            throws Exception {
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
