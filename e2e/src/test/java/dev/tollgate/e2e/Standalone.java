package dev.tollgate.e2e;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A {@code tollgate serve} process on a folder of its own, which may be killed and started again.
 * Its usage records are kept over all of its lives.
 */
final class Standalone implements AutoCloseable {

    /** Lets callers into namespace {@code team-a}. */
    static final String KEY = "tg-0123456789012345678901234567890123456789abc";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Path config;
    private final Path data;
    private final Map<String, String> environment;
    private final List<String> options;
    private final List<TollgateProcess> lives = new ArrayList<>();

    private Standalone(Path folder, Map<String, String> environment, List<String> options)
            throws IOException {
        this.config = Files.createDirectories(folder.resolve("config"));
        this.data = folder.resolve("data");
        this.environment = environment;
        this.options = options;
    }

    /** Serves {@code resources}; providers may be on loopback. */
    static Standalone serve(Path folder, String resources, String... options) throws Exception {
        return serve(folder, Map.of(), resources, options);
    }

    static Standalone serve(
            Path folder, Map<String, String> environment, String resources, String... options)
            throws Exception {
        var gateway = new Standalone(folder, environment, List.of(options));
        gateway.write("main.yaml", resources);
        gateway.start();
        return gateway;
    }

    /** Starts it on its folder and data, and waits until it listens. */
    void start() throws Exception {
        var arguments = new ArrayList<String>();
        arguments.add("serve");
        arguments.add(config.toString());
        arguments.addAll(List.of("--port=0", "--admin-port=0", "--endpoint-policy=any"));
        arguments.add("--data=" + data);
        arguments.addAll(options);
        lives.add(TollgateProcess.start(environment, arguments.toArray(String[]::new)));
        process().port();
    }

    TollgateProcess process() {
        return lives.getLast();
    }

    /** Replaces a file of the watched folder as an editor would: by a rename. */
    void write(String file, String text) throws IOException {
        var next = Files.createTempFile(config.getParent(), "next", ".tmp");
        Files.writeString(next, text);
        Files.move(
                next,
                config.resolve(file),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    void delete(String file) throws IOException {
        Files.delete(config.resolve(file));
    }

    String url() throws Exception {
        return "http://127.0.0.1:" + process().port();
    }

    /** The text of a path of the admin port. */
    HttpResponse<String> admin(String path) throws Exception {
        var address = "http://127.0.0.1:" + process().adminPort() + path;
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(address)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** A POST with the client key of {@code team-a}; headers as name, value, name, value. */
    HttpResponse<String> post(String path, String body, String... headers) throws Exception {
        return postAs(KEY, path, body, headers);
    }

    HttpResponse<String> postAs(String key, String path, String body, String... headers)
            throws Exception {
        return HTTP.send(request(key, path, body, headers), HttpResponse.BodyHandlers.ofString());
    }

    HttpRequest request(String key, String path, String body, String... headers) throws Exception {
        var request =
                HttpRequest.newBuilder(URI.create(url() + path))
                        .header("authorization", "Bearer " + key)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    HttpResponse<String> get(String path, String... headers) throws Exception {
        var request =
                HttpRequest.newBuilder(URI.create(url() + path))
                        .header("authorization", "Bearer " + KEY);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** One chat completion; 60 tokens of output at most. */
    HttpResponse<String> chat(String model) throws Exception {
        return post("/v1/chat/completions", chatBody(model));
    }

    static String chatBody(String model) {
        return """
               {"model":"%s","max_completion_tokens":60,"messages":[{"role":"user","content":"What is a tollgate?"}]}"""
                .formatted(model);
    }

    /** Usage records of all of its lives, in the order in which they were written. */
    List<JsonNode> records() throws IOException {
        var records = new ArrayList<JsonNode>();
        for (var life : lives) {
            for (var line : life.usageRecords()) {
                records.add(JSON.readTree(line));
            }
        }
        return records;
    }

    /** The record of the request that got this answer. */
    JsonNode recordOf(HttpResponse<?> answer) throws IOException {
        return record(answer.headers().firstValue("x-tollgate-request-id").orElseThrow());
    }

    JsonNode record(String requestId) throws IOException {
        return await().until(
                        () ->
                                records().stream()
                                        .filter(
                                                r ->
                                                        requestId.equalsIgnoreCase(
                                                                r.get("request_id").asText()))
                                        .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /** The records of {@code /usage}, by request id. */
    Map<String, JsonNode> usage() throws Exception {
        var byId = new LinkedHashMap<String, JsonNode>();
        for (var line : admin("/usage?limit=1000").body().split("\n")) {
            if (!line.isBlank()) {
                var record = JSON.readTree(line);
                byId.put(record.get("request_id").asText(), record);
            }
        }
        return byId;
    }

    /** The value of a metric whose labels contain all of these; the sum if there are several. */
    double metric(String name, String... labels) throws Exception {
        double sum = 0;
        boolean found = false;
        for (var line : admin("/metrics").body().split("\n")) {
            int end = line.indexOf('{') >= 0 ? line.indexOf('{') : line.indexOf(' ');
            if (line.startsWith("#") || end < 0 || !line.substring(0, end).equals(name)) {
                continue;
            }
            boolean all = true;
            for (var label : labels) {
                all &= line.contains(label);
            }
            if (all) {
                sum += Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
                found = true;
            }
        }
        if (!found) {
            throw new AssertionError("no metric " + name + " " + String.join(" ", labels));
        }
        return sum;
    }

    /** How {@code /status} shows a Budget that counts no namespace apart. */
    JsonNode budget(String name) throws Exception {
        for (var budget : JSON.readTree(admin("/status").body()).get("budgets")) {
            if (budget.get("name").textValue().equals(name)) {
                return budget;
            }
        }
        throw new AssertionError("/status has no Budget " + name);
    }

    static long nanos(JsonNode record) {
        return nanos(record.get("cost_usd").textValue());
    }

    static long nanos(String dollars) {
        return new BigDecimal(dollars).movePointRight(9).longValueExact();
    }

    static String dollars(long micros) {
        return BigDecimal.valueOf(micros, 6).toPlainString();
    }

    @Override
    public void close() throws InterruptedException {
        process().close();
    }
}
